"""Another Python process, for code that may do anything: loop for ever, end the process, start others.

It runs one of our modules, gets one JSON text to work on, and answers in JSON lines [kind, content] on its standard
output. What it started is ended with it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Self


class Silence(Exception):
    """No message came within the time that was given."""


class Process:
    """`python -m MODULE JSON`, in a session of its own; a context manager that ends it."""

    def __init__(self, module: str, wanted: dict[str, Any]) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "MPLBACKEND": "agg"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, json.dumps(wanted)],  # -P: a file here may be called random.py
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,  # so that it can be ended with all that it started
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self._process.kill()
        except (ProcessLookupError, PermissionError):  # nothing of it is left (on macOS: or only a zombie)
            pass
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def message(self, time_limit: float) -> tuple[str, Any] | None:
        """The next (kind, content); None when there are no more. Raises Silence if none comes in the time."""
        try:
            line = self._lines.get(timeout=max(time_limit, 0))
        except queue.Empty:
            raise Silence from None
        if line is None:
            return None
        kind, content = json.loads(line)
        return kind, content

    def exit_code(self) -> int:
        """How it ended, once there are no more messages. Negative: by that signal."""
        return self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                self._lines.put(line)
        except ValueError:  # closed while it was read
            pass
        self._lines.put(None)


def sender() -> Callable[[str, Any], None]:
    """In the process itself: what sends a message. From then on all that is printed goes nowhere."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return lambda kind, content: print(json.dumps([kind, content]), file=pipe, flush=True)
