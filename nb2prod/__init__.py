"""nb2prod: from a Jupyter notebook to a verified, running container."""

__version__ = "0.1.0"
