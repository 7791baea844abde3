"""`python -m nb2prod` is `nb2prod`."""

from nb2prod.cli import main

if __name__ == "__main__":
    main()
