"""Reports, hints and the list of exercises, as they look in a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from minigrad.exercises import contents
from minigrad.exercises.report import RIGHT, UNSEEN, UNWRITTEN, Part, Report
from minigrad.teach.colours import Colours

WIDEST, NARROWEST = 100, 40  # letters of a line
LONGEST = 40  # letters for the names of parts of which the same is said
PRINTED = 8  # lines that are shown of what the student's code prints


def listing(folder: Path, colours: Colours) -> str:
    """All exercises; those that have been started in a folder are marked."""
    lines, width = [], max(map(len, contents.NAMES))
    started = {name for name in contents.NAMES if (folder / contents.file_name(name)).exists()}
    for group, names in contents.GROUPS.items():
        lines.append(colours.strong(group))
        for name in names:
            mark = "•" if name in started else " "
            title = contents.title(name).removeprefix("Find the bug: ")
            lines.append(f"{mark} {colours.op(f'{name:<{width}}')}  {title[0].upper()}{title[1:]}")
        lines.append("")
    if started:
        lines += [colours.faint("• its file is in this folder"), ""]
    lines.append(f"Begin with one:  minigrad exercise start {contents.NAMES[0]}")
    return "\n".join(lines)


def report(one: Report, colours: Colours) -> str:
    """What is right, what is wrong and why, and what to do next."""
    lines = [f"{colours.op(one.exercise)}  {contents.title(one.exercise)}", ""]
    if one.printed:
        printed = one.printed.rstrip("\n").splitlines()
        printed = printed if len(printed) <= PRINTED else [*printed[:PRINTED], "..."]
        lines += [colours.faint("It printed:"), *(colours.faint(f"  {line}") for line in printed), ""]
    if one.trouble:
        lines += [*_message(one.trouble.message, colours.bad("✗") + " ", "  ", colours), ""]
    if any(part.verdict != UNSEEN for part in one.parts) or not one.trouble:
        lines += [*_parts(one.parts, colours), ""]
    return "\n".join([*lines, _sum(one, colours), *(_next(one))])


def _parts(parts: Sequence[Part], colours: Colours) -> Iterator[str]:
    """A line for each part; those of which the same is said share one."""
    groups = [list(group) for _, group in groupby(parts, lambda part: (part.verdict, part.message, part.example))]
    groups = [[part] for group in groups for part in group] if all(parts) else groups
    names = [_names(group) for group in groups]
    width = max(map(len, names))
    for name, group in zip(names, groups, strict=True):
        part = group[0]
        mark = {RIGHT: colours.good("✓"), UNSEEN: colours.faint("–"), UNWRITTEN: colours.value("…")}.get(
            part.verdict, colours.bad("✗")
        )
        first, *rest = (part.message or part.verdict).splitlines()
        first += f"  ({part.cause})" if part.cause not in (None, "unknown") else ""
        rest += [f"smallest failing call: {part.example}"] if part.example else []
        yield from _message("\n".join([first, *rest]), f"{mark} {name:<{width}}   ", " " * (width + 5), colours)


def _names(parts: Sequence[Part]) -> str:
    """`dx, dw, db`; of many, the first and the last."""
    names = ", ".join(part.name for part in parts)
    return names if len(names) <= LONGEST else f"{parts[0].name}, ..., {parts[-1].name}"


def _message(text: str, first: str, indent: str, colours: Colours) -> Iterator[str]:
    """The lines of a message, the first one after `first`, the others faint and below it."""
    width = _width(len(indent))
    head, *rest = text.splitlines()
    begun, *more = textwrap.wrap(head, width, break_long_words=False, break_on_hyphens=False) or [""]
    yield first + begun
    yield from (indent + line for line in more)
    for line in rest:
        margin = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(line, width, subsequent_indent=margin + "  ", break_on_hyphens=False)
        yield from (indent + colours.faint(one) for one in wrapped)


def _sum(one: Report, colours: Colours) -> str:
    points = f"{one.points} of {one.possible} points"
    if one:
        return colours.good(f"All right: {points}.")
    return f"{points}."


def _next(one: Report) -> Iterator[str]:
    """What to do now."""
    if one:
        following = contents.NAMES[contents.NAMES.index(one.exercise) + 1 :]
        if following:
            yield f"Next:  minigrad exercise start {following[0]}"
    elif not one.trouble:
        yield f"Stuck?  minigrad exercise hint {one.exercise}"


def total(reports: Sequence[Report], colours: Colours) -> str:
    """One line about several files."""
    right = sum(map(bool, reports))
    points, possible = sum(one.points for one in reports), sum(one.possible for one in reports)
    return colours.strong(f"{right} of {len(reports)} exercises are right, {points} of {possible} points.")


def hint(name: str, step: int, colours: Colours) -> str:
    """One step, and how to see the next one."""
    steps = contents.hints(name)
    title, text = steps[step - 1]
    lines = [f"{colours.op(name)}  Hint {step} of {len(steps)}: {title.lower()}", "", *_paragraph(text), ""]
    if step < len(steps):
        return "\n".join([*lines, f"The next one says more:  minigrad exercise hint {name} --step {step + 1}"])
    return "\n".join([*lines, f"There are no more. The whole:  minigrad exercise solution {name}"])


def _paragraph(text: str) -> Iterable[str]:
    return textwrap.wrap(" ".join(text.split()), _width(), break_long_words=False, break_on_hyphens=False)


def _width(taken: int = 0) -> int:
    """How many letters a line may have, beside those that are taken."""
    return max(min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST) - taken, NARROWEST)
