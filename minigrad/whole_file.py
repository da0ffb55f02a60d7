"""A file that appears whole or not at all, whatever goes wrong: a full disk, an error, Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to that becomes `path` at the end. What is no plain file, such as /dev/stdout, is written to."""
    path = Path(path)
    is_plain = path.is_file() or not path.exists()
    place = beside(path) if is_plain else path
    try:
        yield place
        if is_plain:
            os.replace(place, path)
    except OSError as error:
        # Who writes to a full disk is not told to which file, and who writes into no folder is told of `place`.
        if error.errno is not None and str(error.filename) in ("None", str(place)):
            error.filename = str(path)
        raise
    finally:
        if is_plain:
            place.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """Where what is to become `path` is written meanwhile.

    The process is in the name: two programs that write the same thing do not write into each other's.
    """
    return path.parent / f".{path.name}.{os.getpid()}.unfinished"
