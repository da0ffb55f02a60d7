"""One cache for every source of eyes: what takes minutes to render or to read is done once.

A cache file is a safetensors file: the arrays of an EyeSet, and in its metadata everything else as JSON. It lies in
`gaze/` under MINIGRAD_CACHE, else XDG_CACHE_HOME/minigrad, else ~/.cache/minigrad, and it may be deleted at any time. A
file that is cut short, foreign, of another format or of another state of the source is made anew. Images are mapped
from the file, not loaded: a full set is 311 MB, and its parts will be copies anyway. For the same reason the file is
written here, a piece at a time, and not by the safetensors package, which wants to be given all of it at once.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from gaze_examples.data.eyes import HEIGHT, WIDTH, EyeSet, Reading, Skipped
from minigrad.whole_file import whole_file

FORMAT = 1  # raise it when a reader would now return something else for the same files
COLUMNS = ("gaze", "person", "quadrant", "oracle")  # of an EyeSet, beside its images
DTYPES = {"<f4": "F32", "<i2": "I16", "|u1": "U8"}  # NumPy's names of the columns' types, and safetensors'


def folder() -> Path:
    """Where cache files lie."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("MINIGRAD_CACHE") or caches / "minigrad") / "gaze"


def cached(name: str, fingerprint: str, build: Callable[[], Reading]) -> Reading:
    """The Reading cached under `name` if it was made from the same `fingerprint`, else `build()`, which is then cached.

    A cache that cannot be written (read-only folder, full disk) costs a warning and the time to build again, no more.
    """
    reading = load(name, fingerprint)
    if reading is not None:
        return reading
    reading = build()
    if not save(reading, name, fingerprint):
        return reading
    return load(name, fingerprint) or reading


def load(name: str, fingerprint: str) -> Reading | None:
    """The Reading cached under `name`, or None if there is none that this program would write now."""
    path = _file(name)
    try:
        with safe_open(path, "numpy") as file:
            about = json.loads((file.metadata() or {})["minigrad"])
            if (about["format"], about["fingerprint"]) != (FORMAT, fingerprint):
                return None
            stored = file.keys()
            arrays = {name: file.get_tensor(name) for name in stored if name != "images"}
        images = _mapped_images(path)
        eyes = EyeSet(images, people=tuple(about["people"]), source=about["source"], **arrays)
        return Reading(eyes, [Skipped(*entry) for entry in about["skipped"]])
    except (OSError, SafetensorError, LookupError, TypeError, ValueError):
        return None


def save(reading: Reading, name: str, fingerprint: str, images: Iterable[np.ndarray] | None = None) -> bool:
    """Cache a Reading under `name`, whole or not at all. Where that fails it warns, and returns False.

    images: where they are too many to hold, pieces of them in their order, in place of those in `reading`.
    """
    eyes, skipped = reading
    about = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "source": eyes.source,
        "people": eyes.people,
        "skipped": skipped,
    }
    path = _file(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished:
            _write(unfinished, eyes, [eyes.images] if images is None else images, json.dumps(about))
    except OSError as error:
        warnings.warn(
            f"The eye pairs could not be cached in {path.parent} ({error}), so the next run has to make them "
            "again; point MINIGRAD_CACHE to a folder with room.",
            stacklevel=3,
        )
        return False
    return True


def forget(name: str) -> None:
    """Remove all that is cached under names that begin with `name/`."""
    shutil.rmtree(folder() / name, ignore_errors=True)


def _file(name: str) -> Path:
    return folder() / f"{name}.safetensors"


def _write(path: Path, eyes: EyeSet, images: Iterable[np.ndarray], about: str) -> None:
    """A safetensors file: the header's length (8 bytes, little endian), the header (JSON), the arrays' bytes."""
    header: dict = {"__metadata__": {"minigrad": about}}
    images_size = len(eyes) * HEIGHT * WIDTH
    header["images"] = {"dtype": "U8", "shape": [len(eyes), HEIGHT, WIDTH], "data_offsets": [0, images_size]}
    columns = {name: np.ascontiguousarray(getattr(eyes, name)) for name in COLUMNS if getattr(eyes, name) is not None}
    end = images_size
    for name, column in columns.items():
        start, end = end, end + column.nbytes
        header[name] = {"dtype": DTYPES[column.dtype.str], "shape": column.shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for piece in images:
            file.write(np.ascontiguousarray(piece, np.uint8).data)
        for column in columns.values():
            file.write(column.data)


def _mapped_images(path: Path) -> np.ndarray:
    """The images (N, 36, 120) uint8, read from the disk where and when they are used; they cannot be written to."""
    with open(path, "rb") as file:
        # See `_write`.
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))["images"]
    if entry["dtype"] != "U8" or entry["shape"][1:] != [HEIGHT, WIDTH]:
        raise ValueError(f"images are {entry['dtype']} {entry['shape']}")
    start = 8 + length + entry["data_offsets"][0]
    return np.asarray(np.memmap(path, np.uint8, "r", start, tuple(entry["shape"])))
