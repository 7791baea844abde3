from .factors import FACTOR


def doubled(x):
    return x * FACTOR
