"""What a cell is for."""

from enum import StrEnum


class Role(StrEnum):
    """The ten roles of DESIGN: the value is the cell tag that spells it."""

    PARAMETERS = "parameters"
    IMPORTS = "imports"
    FUNCTIONS = "functions"
    PREPROCESSING = "preprocessing"
    TRAINING = "training"
    EVALUATION = "evaluation"
    REQUEST = "request"
    INFERENCE = "inference"
    TEST = "test"
    SKIP = "skip"
