"""The errors of a training run: nothing is made, and the text says why, with numbers and the remedy."""


class TrainingRefused(Exception):
    """The run cannot end in a model that may be trusted."""


class BelowFloor(TrainingRefused):
    """There is less to learn from than asked for: the rules go on."""
