"""The one error of a training run: nothing is made, and the text says why, with numbers and the remedy."""


class TrainingRefused(Exception):
    """The run cannot end in a model that may be trusted."""
