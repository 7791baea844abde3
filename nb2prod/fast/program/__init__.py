"""The conversion: a program for the project's environment, where nothing of nb2prod is but `nb2prod.serving`."""
