"""A report as a list of blocks, which becomes a web page in one file, or Markdown beside its pictures.

Blocks are plain data: they are kept as JSON between two runs, and a report is written from those of all its parts.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LONG = 40  # letters; a cell with more of them may be broken into lines

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --paper: #ffffff; --tint: #f6f8fa;
        --accent: #2a6fbb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --paper: #0d1117;
        --tint: #151b23; --accent: #6cb0f5; } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
       margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.9rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.3rem; margin: 3rem 0 .6rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .5rem 0; } .soft, figcaption { color: var(--soft); } a { color: var(--accent); }
.note { border-left: 4px solid #d9602b; background: var(--tint); padding: .6rem 1rem; border-radius: 0 8px 8px 0; }
nav { display: flex; flex-wrap: wrap; gap: .35rem; margin: 1.4rem 0; }
nav a { border: 1px solid var(--line); border-radius: 99px; padding: .1rem .7rem; font-size: .85rem; color: inherit;
        text-decoration: none; } nav a:hover { border-color: var(--accent); color: var(--accent); }
.scores { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.6rem 0; }
.score { border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1.2rem; flex: 1 1 12rem; }
.score b { display: block; font-size: 2rem; color: var(--accent); font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: .9rem 0; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { white-space: nowrap; vertical-align: top; text-align: left;
         padding: .3rem 1.4rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); font-size: .88rem; white-space: normal; vertical-align: bottom; }
td.number, th.number { text-align: right; } td.long { white-space: normal; min-width: 15rem; }
tr:last-child td { border-bottom: 0; } td:last-child, th:last-child { padding-right: 0; }
figure { margin: 1.2rem 0; overflow-x: auto; } figcaption { font-size: .9rem; margin-top: .4rem; }
img { box-sizing: border-box; height: auto; } svg { max-width: 100%; height: auto; }
pre { background: var(--tint); padding: .9rem 1.1rem; border-radius: 8px; overflow-x: auto; font-size: .8rem; }
.light { display: block; }
.dark { display: none; }
@media (prefers-color-scheme: dark) { .light { display: none; } .dark { display: block; } }
@media (max-width: 34rem) { body { margin: 1.2rem auto; padding: 0 .9rem; } .score { flex-basis: 100%; }
        th, td { padding-right: .9rem; } }
@media print { .light { display: block; } .dark { display: none; } }
"""


@dataclass(frozen=True)
class Heading:
    """A part's title; level 2 or 3."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph. style: "plain", "soft" (an aside) or "note" (not to be missed)."""

    text: str
    style: str = "plain"


@dataclass(frozen=True)
class Code:
    """Lines that keep their spaces."""

    text: str


@dataclass(frozen=True)
class Cards:
    """A few numbers, large: (what, number, remark)."""

    cards: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Table:
    """Rows of cells, all text. links: for each row where its first cell leads to, relative to the report."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    links: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """A PNG file, light, and the same for a dark page; both relative to the report."""

    light: str
    dark: str
    caption: str


@dataclass(frozen=True)
class Drawing:
    """Lines, as SVG."""

    svg: str


Block = Heading | Text | Code | Cards | Table | Picture | Drawing
KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Heading, Text, Code, Cards, Table, Picture, Drawing)}


def to_json(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Blocks as JSON can hold them."""
    return [{"kind": type(block).__name__, **asdict(block)} for block in blocks]


def from_json(blocks: Iterable[dict[str, Any]]) -> list[Block]:
    """The blocks that `to_json` was given. Raises LookupError, TypeError for anything else."""
    return [
        KINDS[block["kind"]](**{name: value for name, value in block.items() if name != "kind"}) for block in blocks
    ]


def to_html(title: str, blocks: Sequence[Block], folder: Path) -> str:
    """One self-contained page; the pictures are read from `folder`."""
    headings = [block for block in blocks if isinstance(block, Heading) and block.level == 2]
    chips = "".join(f'<a href="#{_anchor(heading.text)}">{html.escape(heading.text)}</a>' for heading in headings)
    first = next((i for i, block in enumerate(blocks) if isinstance(block, Heading)), len(blocks))
    before, after = ("\n".join(_html(block, folder) for block in part) for part in (blocks[:first], blocks[first:]))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>
<h1>{html.escape(title)}</h1>
{before}
<nav>{chips}</nav>
{after}
</body></html>
"""


def to_markdown(title: str, blocks: Sequence[Block]) -> str:
    """The same as Markdown, with links to the light pictures."""
    return "\n\n".join([f"# {title}", *map(_markdown, blocks)]) + "\n"


def to_text(table: Table) -> str:
    """A table for the terminal."""
    lines = [list(table.head), *map(list, table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = _right(table)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _html(block: Block, folder: Path) -> str:
    match block:
        case Heading(text, level):
            return f'<h{level} id="{_anchor(text)}">{html.escape(text)}</h{level}>'
        case Text(text, style):
            return f'<p class="{style}">{html.escape(text)}</p>'
        case Code(text):
            return f"<pre>{html.escape(text)}</pre>"
        case Cards(cards):
            shown = "".join(
                f'<div class="score">{html.escape(what)}<b>{html.escape(number)}</b>'
                f'<span class="soft">{html.escape(remark)}</span></div>'
                for what, number, remark in cards
            )
            return f'<div class="scores">{shown}</div>'
        case Table():
            return _html_table(block)
        case Picture(light, dark, caption):
            images = "".join(
                _image(theme, folder / file, caption) for theme, file in (("light", light), ("dark", dark))
            )
            return f"<figure>{images}<figcaption>{html.escape(caption)}</figcaption></figure>"
        case Drawing(svg):
            return f"<figure>{svg}</figure>"


def _image(theme: str, path: Path, caption: str) -> str:
    png = path.read_bytes()
    # 1.5 of its pixels to one of the page's; on a narrow page not so small that it could not be read, but scrolled.
    width = int.from_bytes(png[16:20], "big") * 2 // 3
    return (
        f'<img class="{theme}" style="width: min({width}px, max(100%, 30rem))" alt="{html.escape(caption)}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )


def _html_table(table: Table) -> str:
    kinds = ["number" if right else "text" for right in _right(table)]
    rows = [f'<th class="{kind}">{html.escape(cell)}</th>' for kind, cell in zip(kinds, table.head, strict=True)]
    lines = [f"<tr>{''.join(rows)}</tr>"]
    for number, row in enumerate(table.rows):
        cells = [html.escape(cell) for cell in row]
        if table.links and table.links[number]:
            cells[0] = f'<a href="{html.escape(table.links[number])}">{cells[0]}</a>'
        classes = ["long" if len(cell) > LONG else kind for cell, kind in zip(row, kinds, strict=True)]
        shown = "".join(f'<td class="{name}">{cell}</td>' for name, cell in zip(classes, cells, strict=True))
        lines.append(f"<tr>{shown}</tr>")
    caption = f"<caption>{html.escape(table.caption)}</caption>" if table.caption else ""
    return f'<div class="wide"><table>{caption}{"".join(lines)}</table></div>'


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}"
        case Text(text, "note"):
            return f"> {_escaped(text)}"
        case Text(text):
            return _escaped(text)
        case Code(text):
            return f"```\n{text}\n```"
        case Cards(cards):
            return "\n".join(f"- {what}: **{number}** {remark}" for what, number, remark in map(_all_escaped, cards))
        case Table():
            return _markdown_table(block)
        case Picture(light, _, caption):
            return f"![{_escaped(caption)}]({light})\n\n*{_escaped(caption)}*"
        case Drawing(svg):
            return svg


def _markdown_table(table: Table) -> str:
    rows = [_all_escaped(row) for row in table.rows]
    for row, link in zip(rows, table.links, strict=False):
        row[0] = f"[{row[0]}]({link})" if link else row[0]
    lines = [_all_escaped(table.head), ["---:" if right else "---" for right in _right(table)], *rows]
    caption = f"{_escaped(table.caption)}\n\n" if table.caption else ""
    return caption + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _right(table: Table) -> list[bool]:
    """For each column, whether its cells are numbers (or "—", not known), which stand at the right."""
    return [i > 0 and all(re.match(r"[-+−]?\d|—|$", row[i]) for row in table.rows) for i in range(len(table.head))]


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", text)


def _all_escaped(texts: Sequence[str]) -> list[str]:
    return [_escaped(text) for text in texts]
