"""nb2prod: from a Jupyter notebook to a verified, running container."""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """`%load_ext nb2prod`: gives a notebook the magic `%nb2prod`."""
    from importlib import import_module  # by name: what is imported with nb2prod must know no front end

    import_module("nb2prod.plugins.ipython_magics").register(shell)
