"""The use cases: what a check, a build and a test of a project do, step by step."""
