"""The configuration reference in Markdown, from the settings' own JSON Schema."""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas.load import default_settings
from schemas.settings import Settings

HEAD: Final = """\
# Settings

Every setting, in the order of the settings file. Written by `leadpulse config reference settings`; edit the models in
`schemas/` instead. A file names what differs from the defaults; `leadpulse config check` prints what is in force.
Each can also come from the environment: `kafka.bootstrap` is `LEADPULSE__KAFKA__BOOTSTRAP`, lists and maps as JSON.
Keys that are not here are refused.
"""

Schema = dict[str, Any]


class _Table(NamedTuple):
    """A heading and the settings below it. path: what stands before their names."""

    title: str
    about: str
    path: str
    content: Schema


def settings_page() -> str:
    """The page; the same settings give the same text."""
    schema = Settings.model_json_schema(mode="validation")
    definitions: dict[str, Schema] = schema.get("$defs", {})
    parts = [HEAD]
    for table in _tables(schema, definitions):
        rows = [_row(f"{table.path}{name}", content) for name, content in table.content["properties"].items()]
        head = "| setting | what | default | for example |\n|---|---|---|---|\n"
        parts.append(f"## {table.title}\n\n{table.about}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _tables(schema: Schema, definitions: dict[str, Schema]) -> Iterator[_Table]:
    """The top first, then each section as it comes, with the forms that its items can take."""
    yield _Table("The file", _one_line(schema), "", schema)
    for name, content in schema["properties"].items():
        yield from _below(name, content, definitions, name)


def _below(path: str, content: Schema, definitions: dict[str, Schema], title: str) -> Iterator[_Table]:
    """Tables of what a setting consists of, where that is not one value."""
    forms = [each for each in _forms(content, definitions) if "properties" in each]
    for form in forms:
        which = f"`{path}`" if len(forms) == 1 else f"`{path}`: {_kind(form)}"
        yield _Table(which, _one_line(form), f"{path}.", form)
        for name, inner in form["properties"].items():
            yield from _below(f"{path}.{name}", inner, definitions, title)


def _forms(content: Schema, definitions: dict[str, Schema]) -> list[Schema]:
    """The shapes that a setting, or an item of it, can have."""
    if "$ref" in content:
        return [definitions[content["$ref"].rpartition("/")[2]]]
    if "items" in content:
        return _forms(content["items"], definitions)
    if isinstance(content.get("additionalProperties"), dict):
        return _forms(content["additionalProperties"], definitions)
    choices: list[Schema] = content.get("oneOf") or content.get("anyOf") or []
    return [form for each in choices for form in _forms(each, definitions)]


def _kind(form: Schema) -> str:
    """What tells a form from its siblings: the constant of its first field that has one, or its name."""
    for content in form["properties"].values():
        if "const" in content:
            return f"`{content['const']}`"
    return str(form.get("title", ""))


def _row(path: str, content: Schema) -> str:
    about = _one_line(content)
    limits = _limits(content)
    example = _code(content["examples"][0]) if "examples" in content else ""
    return f"| `{path}` | {about}{limits} | {_default(path, content)} | {example} |"


def _limits(content: Schema) -> str:
    """What is allowed, where few values are."""
    forms = [content, *content.get("anyOf", ())]
    choices = [value for form in forms for value in form.get("enum", [form["const"]] if "const" in form else [])]
    return f" One of {', '.join(_code(each) for each in choices)}." if choices else ""


def _default(path: str, content: Schema) -> str:
    if "default" not in content:
        return "as shipped" if path in default_settings() else "required"
    default = content["default"]
    if (isinstance(default, dict) and default) or (
        isinstance(default, list) and default and isinstance(default[0], dict)
    ):
        return "see below"
    return _code(default)


def _code(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`".replace("|", "\\|") if text else "empty"


def _one_line(content: Schema) -> str:
    return " ".join(str(content.get("description", "")).split()).replace("|", "\\|")
