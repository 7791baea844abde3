"""The pages of the walk: each shows the project and calls its verbs."""
