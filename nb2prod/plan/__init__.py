"""Which statement goes into which module of the generated package, and what the notebook's run must leave behind."""
