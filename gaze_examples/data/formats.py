"""Which format is in a folder? It is recognised by names of files and folders; nothing is opened for it."""

from __future__ import annotations

from pathlib import Path

from gaze_examples.data import gazehub, mpiifacegaze, mpiifacegaze_frames, mpiigaze
from gaze_examples.data.eyes import DataError
from gaze_examples.data.parts import Format

# GazeHub's last: it claims what is nearly its own, to say what is wrong with it.
FORMATS = (mpiigaze.FORMAT, mpiifacegaze.FORMAT, mpiifacegaze_frames.FORMAT, gazehub.FORMAT)
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")


def recognise(folder: str | Path) -> Format:
    """The format of `folder`. Raises DataError, in a sentence that says what was looked for, and OSError."""
    root = Path(folder)
    known = "; ".join(f"{format.layout} ({format.name})" for format in FORMATS)
    wanted = f'Looked for {known}; or the word "synthetic"'
    if not root.exists():
        raise DataError(f"There is no folder {root}. {wanted}.")
    if not root.is_dir():
        if root.suffix.lower() in ARCHIVES:
            raise DataError(f"{root} is an archive; unpack it and give the folder that comes out.")
        raise DataError(f"{wanted}; but {root} is a file: give the folder it lies in.")
    for format in FORMATS:
        if format.matches(root):
            return format
    entries = sorted(root.iterdir())
    for near in (*(entry for entry in entries if entry.is_dir()), root.resolve().parent, root.resolve().parent.parent):
        if _is_data_set(near):
            where = "one level deeper" if near.parent == root else "further up"
            raise DataError(f"{root} is not the folder of a data set, but there is one {where}; give {near}.")
    for entry in entries:
        if entry.suffix.lower() in ARCHIVES:
            raise DataError(f"{root} holds an archive, {entry.name}; unpack it and give the folder that comes out.")
    names = ", ".join(entry.name for entry in entries[:6]) + (", ..." if len(entries) > 6 else "")
    raise DataError(f"{wanted}; but {root} has {f'only {names}' if entries else 'nothing in it'}.")


def _is_data_set(root: Path) -> bool:
    """Whether to send somebody to `root` who gave another folder: no guess, and no error of a folder not asked for."""
    try:
        return any(format.matches(root) for format in FORMATS[:-1]) or gazehub.is_whole(root)
    except OSError:
        return False
