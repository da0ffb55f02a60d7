"""The exercises: which there are, in which order, and what belongs to each.

An exercise `fc-relu` is two files in the folder `catalogue`: `fc_relu.py`, with its task and its solution between
markers, and `fc_relu.md`, with its hints. How an answer is judged is said in `questions`.
"""

from __future__ import annotations

import ast
import re
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from minigrad.exercises.markers import solved, strip

GROUPS: dict[str, tuple[str, ...]] = {
    "Warm-up": ("square", "diamond", "sigmoid"),
    "The assignment": ("fc", "relu", "fc-relu", "softmax-loss", "two-layer", "sgd-momentum"),
    "Losses": ("mse",),
    "Images": ("conv2d", "max-pool2d"),
    "Normalisation": ("batch-norm", "layer-norm"),
    "Further on": ("dropout", "attention", "own-op"),
    "Find the bug": (
        "bug-broadcast",
        "bug-mask",
        "bug-mean",
        "bug-transpose",
        "bug-accumulate",
        "bug-variance",
    ),
}
NAMES = tuple(name for group in GROUPS.values() for name in group)
HEADER = re.compile(r"#+\s*minigrad exercise:\s*(?P<name>\S+)\s*")
LINES = 20  # of a file, in which its header is looked for


class UnknownExercise(ValueError):
    """There is no exercise of this name."""


def known(name: str) -> str:
    """The name, if there is such an exercise; `fc_relu` and `FC-ReLU` are understood."""
    wanted = name.lower().replace("_", "-")
    if wanted in NAMES:
        return wanted
    near = get_close_matches(wanted, NAMES, 3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`minigrad exercise list` shows them all."
    raise UnknownExercise(f"there is no exercise {name!r}. {hint}")


def source(name: str) -> str:
    """The exercise's file as its author wrote it, with markers."""
    return _read(name, ".py")


def start(name: str) -> str:
    """What the student begins with."""
    return strip(source(name))


def solution(name: str) -> str:
    """The whole, as one would hand it in."""
    return solved(source(name))


def title(name: str) -> str:
    """The first line of its task."""
    task = ast.get_docstring(ast.parse(source(name)))
    assert task is not None
    return task.splitlines()[0]


def hints(name: str) -> list[tuple[str, str]]:
    """Three steps: (title, text), each says more than the one before."""
    steps = _read(name, ".md").split("## ")[1:]
    return [(head.strip(), text.strip()) for head, _, text in (step.partition("\n") for step in steps)]


def is_bug_hunt(name: str) -> bool:
    """Whether a mistake is to be found, so that nothing may be said about its cause."""
    return name.startswith("bug-")


def file_name(name: str) -> str:
    """What a student's file is called if nobody says otherwise: a name that Python can import."""
    return f"{name.replace('-', '_')}.py"


def has_header(path: Path) -> bool:
    """Whether a file says which exercise it answers."""
    return _header(path) is not None


def exercise_of(path: Path) -> str:
    """Which exercise a file answers: by the header in its first lines, otherwise by its name."""
    header = _header(path)
    if header:
        return known(header["name"])
    try:
        return known(path.stem)
    except UnknownExercise:
        raise UnknownExercise(
            f"{path.name} does not say which exercise it answers. Its first line should be "
            "`# minigrad exercise: NAME`, as in the file that `minigrad exercise start NAME` wrote."
        ) from None


def _header(path: Path) -> re.Match[str] | None:
    text = path.read_text("utf-8", errors="replace")
    return next((found for line in text.splitlines()[:LINES] if (found := HEADER.fullmatch(line))), None)


def _read(name: str, ending: str) -> str:
    return (files("minigrad.exercises") / "catalogue" / f"{known(name).replace('-', '_')}{ending}").read_text("utf-8")
