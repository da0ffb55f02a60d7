"""What a reader offers: a data set as parts, each small enough to hold in memory and to lose when reading is stopped.

A reader is one file a format. It has a `FORMAT`, which says how a folder of that format is recognised and cuts one into
`Part`s; nothing but labels and sizes is read for that. `convert.py` then reads part by part.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from gaze_examples.data.eyes import DataError, EyeSet, Reading, Skipped

Progress = Callable[[int], object]
"""Called with the number of units just finished, in between; a part's `size` is what they add up to."""


class Part(NamedTuple):
    """A stretch of a data set, of one person.

    name: what no other part of the set is called; it can name a file.
    size: how many of the format's units it has.
    fingerprint: a text that changes when what it is read from changes.
    read: reads it. Nothing is left out in silence: what is broken is skipped and listed.
    """

    name: str
    size: int
    fingerprint: str
    read: Callable[[Progress], Reading]


class Format(NamedTuple):
    """A way in which gaze data lies on a disk.

    name: what it is called. layout: the files that it is recognised by. unit: what is counted while it is read.
    matches: whether a folder is of this format, from names alone. parts: cuts such a folder; DataError, OSError.
    """

    name: str
    layout: str
    unit: str
    matches: Callable[[Path], bool]
    parts: Callable[[Path], list[Part]]


def skipped_part(name: str, source: str, fingerprint: str, skipped: Iterable[Skipped], size: int = 0) -> Part:
    """A part without a pair: it says what was skipped."""
    return Part(name, size, fingerprint, lambda progress: Reading(EyeSet.empty(source), list(skipped)))


def state(*files: Path) -> str:
    """A text that changes when one of `files` is written to, made readable, added or removed; reads no contents."""
    facts: list[tuple] = []
    for file in files:
        try:
            stat = file.stat()
            facts.append((file.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
        except OSError as error:
            facts.append((file.name, error.errno))
    return repr(facts)


def source_of(name: str, root: Path) -> str:
    """The sentence that says what eyes read from `root` are."""
    folder = os.fsencode(root.resolve().name).decode("utf-8", "replace")
    return f"Eye pairs ({name}), read from the folder {folder}."


def need(module: str) -> Any:
    """An optional module. Raises DataError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise DataError(
            f"This format is read with the package {package}, which is not installed here; "
            "install it with pip install 'minigrad[gaze]'."
        ) from None


def reason(error: BaseException) -> str:
    """Why a file could not be read, as one line: what the system says, or what the file's own library does."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"broken, or not what it should be: {' '.join(str(error).split()) or type(error).__name__}"
