"""Another process is asked, and given a time to answer; then it is ended, with all that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

PROBES = Path(__file__).with_name("probes.py")


class Unanswered(Exception):
    """The program cannot be started, takes too long, or fails. The message says which, in a line."""


def ask(question: str, *arguments: str, time_limit: float) -> dict[str, Any]:
    """The answer of a question in `probes.py`; {"missing": True}, or {"broken": why} where there is none."""
    try:
        return json.loads(output(probe(question, *arguments), time_limit=time_limit))
    except ValueError:
        return {"broken": "it ended the process when it was imported"}
    except Unanswered as why:
        return {"broken": str(why)}


def probe(question: str, *arguments: str) -> list[str]:
    """The command that asks."""
    # -P: a file in the folder of probes.py, or here, may be called random.py
    return [sys.executable, "-P", str(PROBES), json.dumps(sys.path), question, *arguments]


def output(command: list[str], *, time_limit: float, text: str = "", both: bool = False) -> str:
    """What a program prints when it is given `text`. both: on its standard error, too. Raises Unanswered."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if both else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that it can be ended with all that it started
        )
    except OSError as error:
        raise Unanswered(f"it cannot be started: {(error.strerror or str(error)).lower()}") from None
    with process:
        try:
            out, err = process.communicate(text, timeout=time_limit)
        except subprocess.TimeoutExpired:
            _end(process)
            raise Unanswered(f"no answer within {time_limit:g} s") from None
    if process.returncode:
        raise Unanswered(_failure(process.returncode, err or out))
    return out


def _end(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    except (ProcessLookupError, PermissionError):  # nothing of it is left (on macOS: or only a zombie)
        pass


def _failure(code: int, printed: str) -> str:
    """How it ended, and the first line that it printed."""
    if code < 0:
        return f"it crashed ({signal.Signals(-code).name})"
    said = next((line.strip() for line in printed.splitlines() if line.strip()), "")
    return f"it failed (exit code {code})" + (f": {said[:160]}" if said else "")
