"""`check`: a student's file, judged in a process of its own.

A file may do anything: it is given some time and memory, and what becomes of it is part of the report. `worker` is the
other side.
"""

from __future__ import annotations

import importlib.util
import re
import tempfile
import time
from pathlib import Path

from minigrad.exercises import contents
from minigrad.exercises.report import STOPPED, UNSEEN, Part, Report, Trouble
from minigrad.testing.process import Process, Silence

TIME_LIMIT = 60.0  # seconds for a file
STARTING = 20.0  # seconds more, in which the process starts, until it is ended from outside
FRAME = re.compile(r'\s*File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)')
SIGNALS = {-6: "it was aborted", -9: "it was killed, perhaps for its memory", -11: "a segmentation fault"}


def check(path: str | Path, *, seed: int = 0, time_limit: float = TIME_LIMIT) -> Report:
    """Judge a file with an answer to an exercise, which its first line names, or else its own name.

    time_limit: seconds. seed: of the calls that are drawn.
    Raises OSError if the file cannot be read, and UnknownExercise if it answers none. All else that can go wrong is in
    the report. In a test: `report = check("fc.py"); assert report, report`.
    """
    if importlib.util.find_spec("hypothesis") is None:
        raise ImportError('the check needs Hypothesis: pip install "minigrad[testing]".')
    if not time_limit > 0:
        raise ValueError(f"the time limit must be more than 0 seconds, got {time_limit:g}.")
    path = Path(path)
    report = Report(contents.exercise_of(path), str(path))
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "where.txt"
        wanted = {
            "path": str(path.resolve()),
            "exercise": report.exercise,
            "seed": seed,
            "time_limit": time_limit,
            "where": str(where),
        }
        with Process("minigrad.exercises.worker", wanted) as process:
            if not _listen(process, report, time.monotonic() + time_limit + STARTING):
                report.trouble = _end_of(process.exit_code(), where, path, time_limit)
    return report


def _listen(process: Process, report: Report, end: float) -> bool:
    """Write into the report what the worker says, and return whether it came to its end. Parts of which it says nothing
    have not been looked at."""
    parts: dict[str, Part] = {}
    done = False
    try:
        while message := process.message(end - time.monotonic()):
            kind, content = message
            if kind == "asked":
                parts = {name: Part(name, UNSEEN) for name in content}
            elif kind == "part":
                parts[content["name"]] = Part(**content)
            elif kind == "printed":
                report.printed += content
            elif kind == "trouble":
                report.trouble = Trouble(**content)
            elif kind == "done":
                done = True
    except Silence:
        report.trouble, done = Trouble(STOPPED, "stopped: it did not react any more."), True
    report.parts = list(parts.values())
    return done


def _end_of(exit_code: int, where: Path, path: Path, time_limit: float) -> Trouble:
    """What is to be said of a process that ended before its time."""
    dump = where.read_text("utf-8", errors="replace") if where.exists() else ""
    frame = next((found for line in dump.splitlines() if (found := FRAME.fullmatch(line)) and _is(found, path)), None)
    line = int(frame["line"]) if frame else None
    if not dump.startswith("Timeout"):
        reason = SIGNALS.get(exit_code, f"exit code {exit_code}, as from os._exit")
        message = f"the program has ended before its time: {reason}."
    elif frame:
        message = f"stopped after {time_limit:g} seconds. Is there a loop that never ends?"
    else:
        message = f"stopped after {time_limit:g} seconds: what is asked of it takes longer."
    if frame and line:
        text = path.read_text("utf-8", errors="replace").splitlines()[line - 1].strip()
        message += f"\nline {line}, in {frame['function']}: {text}"
    return Trouble(STOPPED, message, line)


def _is(frame: re.Match[str], path: Path) -> bool:
    return (
        frame["file"] == str(path.resolve()).encode("ascii", "backslashreplace").decode()
    )  # as faulthandler writes it
