"""Widgets and painters that several pages use."""
