"""Pieces of the page: escaped text, tables, sections, pictures with captions."""

from collections.abc import Sequence
from html import escape


def table(head: Sequence[str], rows: Sequence[Sequence[str]], marked: int | None = None) -> str:
    """Cells are plain text, the first of a row its heading; columns of numbers are those whose every cell begins like
    one. `marked`: the row that stands out.
    """
    numeric = [all(row[c][:1] in "0123456789+-−–" for row in rows) for c in range(len(head))]
    cells = "".join(
        f'<th scope="col"{_class(number)}>{escape(name)}</th>' for name, number in zip(head, numeric, strict=True)
    )
    lines = []
    for r, row in enumerate(rows):
        said = [f'<th scope="row">{escape(row[0])}</th>']
        said += [f"<td{_class(number)}>{escape(cell)}</td>" for cell, number in zip(row[1:], numeric[1:], strict=True)]
        lines.append(f"<tr{' class=marked' if r == marked else ''}>{''.join(said)}</tr>")
    body = "\n".join(lines)
    return f'<div class="wide"><table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def figure(picture: str, caption: str, numbers: str = "") -> str:
    """A picture with what it says below it, and its numbers as a table that unfolds."""
    unfolded = f"<details><summary>The numbers</summary>{numbers}</details>" if numbers else ""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption>{unfolded}</figure>"


def section(name: str, title: str, *parts: str) -> str:
    """A part of the page that can be linked to by its name; empty parts are left out."""
    content = "\n".join(part for part in parts if part)
    return f'<section id="{name}"><h2>{escape(title)}</h2>\n{content}\n</section>'


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def pair(*figures: str) -> str:
    """Pictures side by side where there is room."""
    return f'<div class="pair">{"".join(figures)}</div>'


def _class(number: bool) -> str:
    return " class=number" if number else ""
