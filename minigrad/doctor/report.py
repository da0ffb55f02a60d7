"""What was found, for people and for programs."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from minigrad.teach.colours import Colours

FOUND, DOUBTFUL, MISSING, BROKEN = "found", "doubtful", "missing", "broken"
MARKS = {FOUND: "✓", DOUBTFUL: "!", MISSING: "–", BROKEN: "✗"}
WIDEST = 100
LONGEST = 16  # letters for a version


@dataclass(frozen=True)
class Finding:
    """A thing that was looked for.

    state: "found"; "doubtful": there, but of no use as it is; "missing"; or "broken".
    version: "" if it is not known. purpose: what it is for. detail: what there is to say, "" if nothing.
    remedy: the command, or the deed, that helps; "" if nothing has to be done. required: minigrad does not run without.
    """

    name: str
    purpose: str
    state: str
    version: str = ""
    detail: str = ""
    remedy: str = ""
    required: bool = False
    group: str = ""

    @property
    def is_error(self) -> bool:
        """Whether minigrad does not run because of it."""
        return self.required and self.state in (MISSING, BROKEN)


@dataclass(frozen=True)
class Report:
    """All that was found. True if nothing is missing or broken that minigrad does not run without."""

    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0: all that is required is there and works. 1: it is not."""
        return int(any(one.is_error for one in self.findings))

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def __getitem__(self, name: str) -> Finding:
        """The finding of that name."""
        return next(one for one in self.findings if one.name == name)

    def as_json(self) -> dict[str, Any]:
        """`{"ok": bool, "findings": [{"name", "group", "state", "version", "purpose", "detail", "remedy", ...}]}`."""
        return {"ok": bool(self), "findings": [asdict(one) for one in self.findings]}

    def text(self, width: int = 80, colours: Colours | None = None) -> str:
        """A line for each thing; under it what is to be done, if anything."""
        colours = colours or Colours(False)
        names = max(len(one.name) for one in self.findings)
        versions = max(len(_shown(one)) for one in self.findings)
        lines = []
        for group, findings in groupby(self.findings, lambda one: one.group):
            lines.append(colours.strong(group))
            for one in findings:
                lines += _lines(one, names, versions, min(width, WIDEST), colours)
            lines.append("")
        return "\n".join([*lines, *self._sum(min(width, WIDEST), colours)])

    def __str__(self) -> str:
        return self.text()

    def _sum(self, width: int, colours: Colours) -> list[str]:
        errors = [one.name for one in self.findings if one.is_error]
        if errors:
            return textwrap.wrap(f"minigrad does not run as it should: see {', '.join(errors)}.", width)
        counts = Counter(one.state for one in self.findings)
        rest = ", ".join(f"{counts[state]} {state}" for state in (MISSING, DOUBTFUL, BROKEN) if counts[state])
        return textwrap.wrap("All that minigrad needs is here." + (f" Of the rest: {rest}." if rest else ""), width)


def _lines(one: Finding, names: int, versions: int, width: int, colours: Colours) -> Iterator[str]:
    state = BROKEN if one.is_error else one.state
    paint = {FOUND: colours.good, MISSING: colours.faint}.get(state, colours.bad)
    shown = f"{_shown(one):<{versions}}"
    shown = colours.value(shown) if one.version else paint(shown)
    yield f"{paint(MARKS[state])} {one.name:<{names}}  {shown}  {one.purpose}"
    indent = 2 + names + 2
    for line in textwrap.wrap(one.detail, max(width - indent, 20), break_on_hyphens=False):
        yield " " * indent + colours.faint(line)
    if one.remedy:
        yield " " * indent + colours.op(one.remedy)  # whole, so that it can be copied


def _shown(one: Finding) -> str:
    return one.version[:LONGEST] or one.state
