def centred(x, mean):
    return x - mean
