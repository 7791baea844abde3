FACTOR = 1


def scaled(x):
    return x * FACTOR
