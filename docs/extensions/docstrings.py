"""The library's docstrings as Markdown. They are plain text with habits, and the habits are what is shown.

- `name: what it is`, with its next lines indented, says what an argument is: an item of a list.
- A shape, such as (N, C, H, W), and what stands in backticks is code.
- What is indented after a blank line, or after a line that ends in a colon, is a formula or code, and stays as it is.
- Lines with >>> are a session at the prompt.

All else is text, in which *, _ or $ mean themselves.
"""

from __future__ import annotations

import re

_NAMES = r"[a-z_]\w*(?:, [a-z_]\w*)*"
_ITEM = re.compile(rf"( *)({_NAMES}): (?=\S)")
_AXIS = r"(?:\*|\.\.\.|\d+|[A-Za-z]\w*(?:_\d)?(?: [*/+-] [\w]+)*)"
_SHAPE = re.compile(rf"\({_AXIS}(?:, {_AXIS})*,?\)")
_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\*_\[\]<>${}|~#])")
_NEXT_NAME = re.compile(rf"(?<=[.;] )({_NAMES}): (?=\()")  # x: (N, D). w: (D, M).


def as_markdown(doc: str) -> str:
    """The text of a docstring, as `inspect.getdoc` gives it, as Markdown."""
    out: list[str] = []
    lines = doc.splitlines()
    place = 0
    in_item = False  # what is indented now goes on with an item of a list
    while place < len(lines):
        line = lines[place]
        before = lines[place - 1].rstrip() if place else ""
        if line.startswith(">>>"):
            place = _block(lines, place, out, "pycon", lambda line: bool(line.strip()))
            in_item = False
            continue
        if line.startswith("    ") and not in_item and (not before or before.endswith(":")):
            place = _block(lines, place, out, "text", lambda line: not line.strip() or line.startswith("    "))
            continue
        item = _ITEM.match(line)
        if item and (in_item or not item[1]) and (not before or before[-1] in ".:)" or _ITEM.match(before)):
            if not in_item:
                out.append("")
            names = ", ".join(f"`{name}`" for name in item[2].split(", "))
            out.append(f"{item[1]}- {names}: {inline(line[item.end() :])}")
            in_item = True
        elif in_item and line.startswith(" "):
            out.append("  " + " " * (len(line) - len(line.lstrip())) + inline(line.strip()))
        elif in_item and before and line and not (before.endswith(".") and line[0].isupper()):
            out.append(f"  {inline(line)}")  # the sentence goes on
        else:
            if in_item and line:
                out.append("")
            in_item = in_item and not line
            out.append(inline(line))
        place += 1
    return "\n".join(out)


def _block(lines: list[str], place: int, out: list[str], language: str, belongs) -> int:
    """Copy lines as they are, for as long as they belong; the place of the next one."""
    end = place
    while end < len(lines) and belongs(lines[end]):
        end += 1
    content = "\n".join(lines[place:end]).rstrip()
    indent = min(len(line) - len(line.lstrip()) for line in content.splitlines() if line.strip())
    out += ["", f"```{language}", *(line[indent:] for line in content.splitlines()), "```", ""]
    return end


def inline(text: str) -> str:
    """A line of text: code and shapes as code, all else as it is written."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") and len(part) > 1 else _plain(part) for part in parts)


def _plain(text: str) -> str:
    pieces, end = [], 0
    text = _NEXT_NAME.sub("\0\\1\1 ", text)
    for shape in _SHAPE.finditer(text):
        if _is_shape(shape[0]):
            pieces += [_escaped(text[end : shape.start()]), f"`{shape[0]}`"]
            end = shape.end()
    marked = "".join([*pieces, _escaped(text[end:])])
    return re.sub("\0([^\1]*)\1", lambda names: ", ".join(f"`{n}`" for n in names[1].split(", ")) + ":", marked)


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    return re.sub(r"^(\d+)([.)]) ", r"\1\\\2 ", text) if not text.startswith("- ") else text


def _is_shape(text: str) -> bool:
    """(N, C) and (*, D), but not (in words, so to speak) or (see above)."""
    return "," in text and (re.search(r"\b[A-Z]\b|\*|\d", text) is not None)
