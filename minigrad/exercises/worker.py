"""The process in which a student's file runs: `python -m minigrad.exercises.worker JSON`, started by `check`.

What it finds goes out in JSON lines [kind, content]: "asked", the names of the parts; "part", one of them; "trouble",
what keeps it from going on; "printed", a piece of what the student's code has printed; "done", at the end. When the
time is over it writes where it is into a file, and ends.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import io
import json
import sys
import tempfile
import traceback
import types
import warnings
from pathlib import Path
from typing import Any

import hypothesis.configuration

from minigrad.exercises.answer import Answer
from minigrad.exercises.judging import Asked, judged
from minigrad.exercises.questions import QUESTIONS
from minigrad.exercises.report import UNRUNNABLE, Trouble
from minigrad.testing.process import sender

MEMORY = 4 * 2**30  # bytes that the student's code may have, besides what is there
MOST = 2000  # letters that are kept of what it prints


def main() -> None:
    """Judge the file that the command line names."""
    wanted = json.loads(sys.argv[1])
    send = sender()
    sys.stdout = sys.stderr = _Printed(send)
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    _limit_memory()
    with tempfile.TemporaryDirectory() as folder, open(wanted["where"], "w") as where:
        hypothesis.configuration.set_hypothesis_home_dir(folder)
        faulthandler.enable(where)
        faulthandler.dump_traceback_later(wanted["time_limit"], exit=True, file=where)
        try:
            _judge(wanted, send)
        except BaseException as error:
            text = traceback.format_exception_only(error)[-1].strip()
            message = f"the check itself has failed ({text}). That is our mistake: please tell us, with the file."
            send("trouble", dataclasses.asdict(Trouble(UNRUNNABLE, message)))
        faulthandler.cancel_dump_traceback_later()
        send("done", None)


def _judge(wanted: dict[str, Any], send: Any) -> None:
    path, question = Path(wanted["path"]), QUESTIONS[wanted["exercise"]]
    send("asked", question.parts)
    names, trouble = _run(path)
    if trouble:
        send("trouble", dataclasses.asdict(trouble))
        return
    answer = Answer(names, frozenset([str(path)]))
    try:
        for part in judged(Asked(wanted["exercise"], answer, wanted["seed"]), question):
            send("part", dataclasses.asdict(part))
    except KeyboardInterrupt as error:  # the student's: nobody else would press a key here
        send("trouble", dataclasses.asdict(_unrunnable(error, answer)))


def _run(path: Path) -> tuple[dict[str, Any], Trouble | None]:
    """What the file defines; or why it defines nothing."""
    module = types.ModuleType("answer")
    module.__file__ = str(path)
    sys.modules["answer"] = module
    sys.path.append(str(path.parent))  # so that it finds its neighbours
    try:
        code = compile(path.read_bytes(), str(path), "exec")
    except (SyntaxError, ValueError) as error:
        return {}, _unreadable(error)
    try:
        exec(code, vars(module))
    except BaseException as error:
        return {}, _unrunnable(error, Answer({}, frozenset([str(path)])))
    return vars(module), None


def _unreadable(error: SyntaxError | ValueError) -> Trouble:
    """What Python says, the line, and a caret below the place."""
    if not isinstance(error, SyntaxError):
        return Trouble(UNRUNNABLE, f"Python cannot read the file: {error}.")
    if "'utf-8' codec" in str(error.msg):
        return Trouble(UNRUNNABLE, "the file is not in UTF-8; let your editor save it so.")
    lines = [f"line {error.lineno}: {error.msg}" if error.lineno else str(error.msg)]
    if error.text and error.lineno:
        text = error.text.rstrip()
        shown = text.lstrip()
        lines.append(f"    {shown}")
        if error.offset and 0 < error.offset <= len(text) + 1:
            lines.append(" " * (4 + max(error.offset - 1 - len(text) + len(shown), 0)) + "^")
    lines.append("Python cannot read the file, so nothing of it was run. The mistake is there, or shortly before.")
    return Trouble(UNRUNNABLE, "\n".join(lines), error.lineno)


def _unrunnable(error: BaseException, answer: Answer) -> Trouble:
    """What was raised when the file was run, before any of its functions was called."""
    where = answer.where(error)
    return Trouble(UNRUNNABLE, answer.complaint(error, "the file").message, where[-1][0] if where else None)


def _limit_memory() -> None:
    """Let too large an array be a MemoryError here, before the machine is out of memory. Not on Windows."""
    try:
        import resource

        with open("/proc/self/statm") as pages:
            used = int(pages.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    except (ImportError, OSError, ValueError):
        pass


class _Printed(io.TextIOBase):
    """Where the student's code prints to: the beginning of it is sent on, at once, so that a loop shows what it did."""

    def __init__(self, send: Any) -> None:
        self._send, self._left = send, MOST

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._left > 0 and text:
            self._send("printed", text[: self._left] + ("\n..." if len(text) > self._left else ""))
            self._left -= len(text)
        return len(text)


if __name__ == "__main__":
    main()
