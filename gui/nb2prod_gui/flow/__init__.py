"""The state of the wizard and its rules. Plain values and functions; nothing here knows Qt."""
