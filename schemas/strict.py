"""The one model configuration of every contract and setting: unknown keys are refused, values are frozen."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuses unknown keys and silent conversions; equal values are equal objects."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Setting(Strict):
    """A section of the settings file. YAML and the environment write numbers as text, so conversion is allowed."""

    model_config = ConfigDict(strict=False)


class Reader(Strict):
    """What a reader of our topics validates with: fields are only ever added, so unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore")
