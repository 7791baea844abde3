"""How fast the service is, beside the other ways to serve the same models: `make bench-serving`."""
