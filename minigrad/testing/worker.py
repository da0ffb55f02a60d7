"""The process in which a student's file runs: `python -m minigrad.testing.worker JSON`, started by `check_file`.

What it finds goes out in JSON lines [kind, content] through the pipe that its standard output was; whatever the student
prints goes nowhere.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.configuration

from minigrad.testing import student
from minigrad.testing.process import sender
from minigrad.testing.report import NOT_CHECKED, WRONG


def main() -> None:
    """Check what the command line asks for."""
    wanted = json.loads(sys.argv[1])
    send = sender()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        hypothesis.configuration.set_hypothesis_home_dir(folder)
        _check(wanted, send)


def _check(wanted: dict[str, Any], send: Callable[[str, Any], None]) -> None:
    path = Path(wanted["path"])
    try:
        module = student.load(path)
    except BaseException as error:
        send("failed", {"verdict": NOT_CHECKED, "detail": f"it cannot be imported: {_where(error, path)}"})
        return
    ops = student.ops_in(module)
    send("ops", [op.name for op in ops])
    for op in ops:
        if op.name in wanted["skip"] or wanted["op"] not in (None, op.name):
            continue
        send("start", op.name)
        try:
            row = student.checked(op, wanted["seed"])
        except BaseException as error:
            row = {"op": op.name, "verdict": WRONG, "gradients": [], "detail": _where(error, path), "remarks": []}
        send("row", row)


def _where(error: BaseException, path: Path) -> str:
    """`ValueError: text, in line 12`: the last line of the student's file that was being run."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    said = error.msg if isinstance(error, SyntaxError) else error
    text = f"{type(error).__name__}: {said}".strip(": ").split("\n")[0]
    return text + (f", in line {line}" if line else "")


if __name__ == "__main__":
    main()
