"""What is written down of a run, to go on from: a JSON file that appears whole, and one sentence for what is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gaze_examples.data import DataError
from minigrad.whole_file import whole_file


def write(file: Path, contents: Any) -> None:
    """Write a file: whole, or not at all."""
    with whole_file(file) as unfinished:
        unfinished.write_text(json.dumps(contents, indent=1), encoding="utf-8")


@contextmanager
def reading(file: Path, command: str, remedy: str = "") -> Iterator[Any]:
    """The contents of a file. What turns out to be missing or wrong in them, inside, is a DataError.

    command: which `gaze` command writes such files. remedy: what to do about one that is wrong, to end the sentence.
    """
    try:
        yield json.loads(file.read_text(encoding="utf-8"))
    except (LookupError, TypeError, ValueError) as error:
        raise DataError(f"{file} is not what gaze {command} writes ({error}){remedy}.") from None
