"""Features of rents."""
