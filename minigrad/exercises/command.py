"""`minigrad exercise list | start | check | hint | solution | strip`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from minigrad.exercises import contents, markers, terminal
from minigrad.exercises.checking import TIME_LIMIT, check
from minigrad.teach.colours import colours_for
from minigrad.whole_file import whole_file

EXIT_CODES = (
    "Exit code 0: all right; 1: something is wrong; 2: there is nothing to check; 3: a blank is not filled in yet; "
    "4: the file does not run; 5: it was stopped, for its time or its memory. Of several files, the largest."
)


def add(commands: Any) -> None:
    """Add the command to those of `minigrad`."""
    exercise = commands.add_parser(
        "exercise",
        help="write a backward yourself, and be told what is wrong with it",
        description="Exercises: start one, fill in the blank, and let it be checked.",
    )
    actions = exercise.add_subparsers(dest="action", required=True, metavar="ACTION")

    one = actions.add_parser("list", help="the exercises")
    one.set_defaults(run=_list)

    one = actions.add_parser("start", help="write the file of an exercise, with a blank where your part goes")
    one.add_argument("name", metavar="NAME", help="of the exercise")
    one.add_argument("--out", metavar="FILE", help="the file, or the folder for it (default: NAME.py, here)")
    one.set_defaults(run=_start)

    one = actions.add_parser("check", help="say what is right, and what is probably wrong", description=EXIT_CODES)
    one.add_argument("files", metavar="FILE", nargs="*", help="your file (default: all exercises in this folder)")
    one.add_argument("--json", action="store_true", help="print JSON for programs")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="of the drawn calls (default: 0)")
    one.add_argument(
        "--time-limit",
        type=float,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"for each file (default: {TIME_LIMIT:g})",
    )
    one.set_defaults(run=_check)

    one = actions.add_parser("hint", help="a hint, in three steps")
    one.add_argument("what", metavar="NAME", help="of the exercise, or your file")
    one.add_argument("--step", type=int, choices=(1, 2, 3), default=1, help="each says more (default: 1)")
    one.set_defaults(run=_hint)

    one = actions.add_parser("solution", help="the whole file, solved")
    one.add_argument("what", metavar="NAME", help="of the exercise, or your file")
    one.set_defaults(run=_solution)

    one = actions.add_parser(
        "strip",
        help="for teachers: a file without what stands between # BEGIN SOLUTION and # END SOLUTION",
        description="Prints a .py, .md or .ipynb file without its solutions. Exit code 2: there are none, or the "
        "markers do not fit together.",
    )
    one.add_argument("file", metavar="FILE")
    one.add_argument("--out", metavar="FILE", help="write it there instead")
    one.set_defaults(run=_strip)


def _list(arguments: argparse.Namespace) -> int:
    print(terminal.listing(Path(), colours_for(sys.stdout)))
    return 0


def _start(arguments: argparse.Namespace) -> int:
    name = contents.known(arguments.name)
    path = Path(arguments.out or contents.file_name(name))
    if path.is_dir():
        path /= contents.file_name(name)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(contents.start(name))
    except FileExistsError:
        raise ValueError(
            f"{path} is there already, and is left as it is. Remove it, or choose another: --out FILE."
        ) from None
    colours = colours_for(sys.stdout)
    print(f"{colours.op(name)}  {contents.title(name)}\n")
    print(f"Written to {path}: open it in an editor, and read its first lines.")
    print(f"Then:    minigrad exercise check {path}")
    print(f"Stuck?   minigrad exercise hint {name}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    files = [Path(file) for file in arguments.files] or _exercises_here()
    for file in files:
        contents.exercise_of(file)  # what cannot be checked is said before anything is
    colours, shown = colours_for(sys.stdout), not arguments.json
    waiting = shown and sys.stderr.isatty()
    reports = []
    for file in files:
        if waiting:
            print(f"{file} ...", end="", file=sys.stderr, flush=True)
        reports.append(check(file, seed=arguments.seed, time_limit=arguments.time_limit))
        if waiting:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        if shown:
            print(terminal.report(reports[-1], colours), end="\n\n" if len(files) > 1 else "\n")
    if arguments.json:
        points, possible = sum(one.points for one in reports), sum(one.possible for one in reports)
        whole = {"points": points, "possible": possible, "exercises": [one.as_json() for one in reports]}
        print(json.dumps(whole, indent=2))
    elif len(reports) > 1:
        print(terminal.total(reports, colours))
    return max(one.exit_code for one in reports)


def _hint(arguments: argparse.Namespace) -> int:
    print(terminal.hint(_named(arguments.what), arguments.step, colours_for(sys.stdout)))
    return 0


def _solution(arguments: argparse.Namespace) -> int:
    print(contents.solution(_named(arguments.what)), end="")
    return 0


def _strip(arguments: argparse.Namespace) -> int:
    path = Path(arguments.file)
    text = path.read_text("utf-8")
    try:
        stripped = markers.strip_notebook(text) if path.suffix == ".ipynb" else markers.strip(text)
    except markers.MarkerError as error:
        raise markers.MarkerError(f"{path}, {error}") from None
    if not markers.has_solution(text):
        raise ValueError(f"{path} has no # BEGIN SOLUTION: there is nothing to take out.")
    if arguments.out:
        with whole_file(arguments.out) as file:
            file.write_text(stripped, "utf-8")
        print(f"Written to {arguments.out}.")
    else:
        print(stripped, end="")
    return 0


def _exercises_here() -> list[Path]:
    """The files of this folder that say in their first lines which exercise they answer."""
    here = sorted(file for file in Path().glob("*.py") if contents.has_header(file))
    if not here:
        raise ValueError("there is no exercise in this folder. Name a file; or begin: minigrad exercise start NAME.")
    return here


def _named(what: str) -> str:
    """The exercise that a name or a file means."""
    path = Path(what)
    return contents.exercise_of(path) if path.suffix == ".py" or path.is_file() else contents.known(what)
