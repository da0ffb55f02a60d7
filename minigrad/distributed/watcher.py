"""Somebody who is left to say which rank was killed.

The system kills a process without a word, for instance when memory runs out. mpiexec then ends the others at once, and
names a process, not a rank, and sometimes the wrong one. So each rank has a watcher: a shell that reads from a pipe to
which only the rank can write. A pipe that ends without a goodbye has lost its writer, and the watcher says who it was.

Why do the watchers of the others not speak, when mpiexec kills their ranks? Because it kills with each rank all that
the rank has started (its process group). Only the rank that died by itself leaves its watcher behind.
"""

from __future__ import annotations

import subprocess

WATCH = 'read goodbye || echo "$0" >&2'


class Watcher:
    """Prints `message` once this process has ended without `dismiss()`."""

    def __init__(self, message: str) -> None:
        self._shell = subprocess.Popen(["sh", "-c", WATCH, message], stdin=subprocess.PIPE)

    def dismiss(self) -> None:
        """Let it go, in silence."""
        self._shell.communicate(b"goodbye\n")
