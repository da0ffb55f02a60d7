"""Folders that appear whole or not at all, whatever goes wrong: a full disk, an error, Ctrl-C."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from minigrad.whole_file import beside


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder` that becomes it at the end, or vanishes with the parents made for it.

    Raises FileExistsError if `folder` is something else than an empty folder by then, OSError for what else fails.
    """
    missing = [parent for parent in folder.parents if not parent.exists()]
    unfinished = beside(folder)
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        _rename(unfinished, folder)
    except BaseException:
        _remove(unfinished, missing)
        raise


def check_can_make(folder: Path) -> None:
    """Raise OSError if `folder` could not be made now; nothing is left there."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    unfinished = beside(folder)
    try:
        unfinished.mkdir(parents=True)
    finally:
        _remove(unfinished, missing)


def _rename(unfinished: Path, folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()  # an empty folder may be replaced; Windows would not rename onto it
    if folder.exists():
        raise FileExistsError(errno.EEXIST, "it exists by now", str(folder))
    unfinished.rename(folder)


def _remove(unfinished: Path, parents: list[Path]) -> None:
    shutil.rmtree(unfinished, ignore_errors=True)
    for parent in parents:
        with suppress(OSError):  # never made, or used by somebody else by now
            parent.rmdir()
