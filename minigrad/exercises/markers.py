"""Solutions in a file, and the same file without them: what a teacher writes, and what a student gets.

    def fc_backward(dout, cache):
        x, w = cache
        # BEGIN SOLUTION
        return dout @ w.T, x.T @ dout
        # END SOLUTION

What stands between the two lines becomes `raise NotImplementedError("Your part: fc_backward.")`; or, if a block of
comments between `# BEGIN BLANK` and `# END BLANK` follows at once, these lines without their `# `. nbgrader's
`### BEGIN SOLUTION` is understood as well. A text notebook is a text like any other; in an .ipynb the cells are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

MARKER = re.compile(r"(?P<indent>\s*)#+\s*(?P<edge>BEGIN|END) (?P<kind>SOLUTION|BLANK)\s*")
NEARLY = re.compile(r"\s*#+\s*(BEGIN|END)\s+(SOLUTION|BLANK)", re.IGNORECASE)
COMMENT = re.compile(r"\s*#")
DEFINED = re.compile(r"(?P<indent>\s*)(?:async\s+)?(?:def|class)\s+(?P<name>\w+)")


class MarkerError(ValueError):
    """Markers that do not fit together. The message names the line."""


def strip(text: str) -> str:
    """The text without its solutions; one without markers comes back as it is.

    Raises MarkerError for markers that are nested, of which one of a pair is missing, or that are misspelt.
    """
    return _rewritten(text, _student)


def solved(text: str) -> str:
    """The text with its solutions, but without the markers and the blanks."""
    return _rewritten(text, lambda solution, blank, above, indent: solution)


def strip_notebook(text: str) -> str:
    """An .ipynb without its solutions, nor what its cells have printed, which would give them away."""
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
    except (ValueError, TypeError, KeyError):
        raise MarkerError("this is no notebook: expected JSON with a list of cells.") from None
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") != "code":
            continue
        try:
            stripped = strip("".join(cell.get("source", "")))
        except MarkerError as error:
            raise MarkerError(f"cell {number}, {error}") from None
        cell |= {"source": stripped.splitlines(keepends=True), "outputs": [], "execution_count": None}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def has_solution(text: str) -> bool:
    """Whether there is anything to strip from a text, or from an .ipynb."""
    try:
        texts = ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
    except (ValueError, TypeError, KeyError):
        texts = [text]
    return any(MARKER.fullmatch(line) for one in texts for line in one.splitlines())


def _rewritten(text: str, replaced: Callable[[list[str], list[str] | None, list[str], str], list[str]]) -> str:
    """The text, with `replaced(solution, blank or None, the lines above, indentation)` in place of each solution."""
    lines = text.splitlines(keepends=True)
    found: list[str] = []
    for number, line in enumerate(lines, 1):
        if NEARLY.match(line) and not MARKER.fullmatch(line):
            raise MarkerError(
                f"line {number}: {line.strip()!r} is no marker; expected nothing but `# BEGIN SOLUTION`, "
                "`# END SOLUTION`, `# BEGIN BLANK` or `# END BLANK` in its line."
            )
    at = 0
    while at < len(lines):
        marker = _marker(lines[at])
        if marker is None:
            found.append(lines[at])
            at += 1
            continue
        if marker["edge"] == "END":
            raise MarkerError(f"line {at + 1}: END {marker['kind']} without a BEGIN {marker['kind']} before it.")
        if marker["kind"] == "BLANK":
            raise MarkerError(f"line {at + 1}: BEGIN BLANK must follow an END SOLUTION at once.")
        solution, end = _block(lines, at)
        blank = None
        if end < len(lines) and (next_ := _marker(lines[end])) and (next_["edge"], next_["kind"]) == ("BEGIN", "BLANK"):
            start = end
            blank, end = _block(lines, end)
            blank = _uncommented(blank, start + 2)
        found += replaced(solution, blank, found, marker["indent"])
        at = end
    return "".join(found)


def _marker(line: str) -> Any:
    return MARKER.fullmatch(line)


def _block(lines: list[str], begin: int) -> tuple[list[str], int]:
    """The lines of the block that begins in line `begin`, and where it goes on after its end."""
    kind = _marker(lines[begin])["kind"]
    for at in range(begin + 1, len(lines)):
        marker = _marker(lines[at])
        if marker is None:
            continue
        if (marker["edge"], marker["kind"]) == ("END", kind):
            return lines[begin + 1 : at], at + 1
        raise MarkerError(
            f"line {at + 1}: {marker['edge']} {marker['kind']} inside the {kind} that begins in line {begin + 1}; "
            f"its END {kind} is missing before it."
        )
    raise MarkerError(f"line {begin + 1}: BEGIN {kind} has no END {kind}.")


def _uncommented(lines: list[str], first: int) -> list[str]:
    """The lines of a blank without their `# `. first: the number of the first, for errors."""
    for number, line in enumerate(lines, first):
        if line.strip() and not COMMENT.match(line):
            raise MarkerError(f"line {number}: in a BLANK every line must be a comment, got {line.strip()!r}.")
    return [re.sub(r"^(\s*)# ?", r"\1", line) for line in lines]


def _student(solution: list[str], blank: list[str] | None, above: list[str], indent: str) -> list[str]:
    """What stands in place of a solution."""
    if blank is not None:
        return blank
    name = _enclosing(above, indent)
    return [f'{indent}raise NotImplementedError("Your part{f": {name}" if name else ""}.")\n']


def _enclosing(above: list[str], indent: str) -> str:
    """The function or class, of the lines above, in which a line of this indentation stands; "" at the outermost."""
    for line in reversed(above):
        defined = DEFINED.match(line)
        if defined and len(defined["indent"]) < len(indent):
            return defined["name"]
    return ""
