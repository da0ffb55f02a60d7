"""One cache for every source of eyes: what takes minutes to render or to read is done once.

A cache file is a safetensors file: the arrays of an EyeSet, and in its metadata everything else as JSON. It lies in
`gaze/` under MINIGRAD_CACHE, else XDG_CACHE_HOME/minigrad, else ~/.cache/minigrad, and it may be deleted at any time. A
file that is cut short, foreign, of another format or of another state of the source is made anew. Images are mapped
from the file, not loaded: a full set is 311 MB, and its parts will be copies anyway.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from gaze_examples.data.eyes import HEIGHT, WIDTH, EyeSet, Reading, Skipped
from gaze_examples.data.whole import whole_file

FORMAT = 1  # raise it when a reader would now return something else for the same files
ARRAYS = ("images", "gaze", "person", "quadrant", "oracle")


def folder() -> Path:
    """Where cache files lie."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("MINIGRAD_CACHE") or caches / "minigrad") / "gaze"


def cached(name: str, fingerprint: str, build: Callable[[], Reading]) -> Reading:
    """The Reading cached under `name` if it was made from the same `fingerprint`, else `build()`, which is then cached.

    A cache that cannot be written (read-only folder, full disk) costs a warning and the time to build again, no more.
    """
    path = folder() / f"{name}.safetensors"
    reading = _load(path, fingerprint)
    if reading is not None:
        return reading
    reading = build()
    try:
        _save(reading, path, fingerprint)
    except (OSError, SafetensorError) as error:
        warnings.warn(
            f"The eye pairs could not be cached in {path.parent} ({error}), so the next run has to make them "
            "again; point MINIGRAD_CACHE to a folder with room.",
            stacklevel=2,
        )
        return reading
    return _load(path, fingerprint) or reading


def _save(reading: Reading, path: Path, fingerprint: str) -> None:
    """Write a cache file, which is whole or not there."""
    eyes, skipped = reading
    arrays = {name: np.ascontiguousarray(getattr(eyes, name)) for name in ARRAYS if getattr(eyes, name) is not None}
    about = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "source": eyes.source,
        "people": eyes.people,
        "skipped": skipped,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished:
        save_file(arrays, unfinished, {"minigrad": json.dumps(about)})


def _load(path: Path, fingerprint: str) -> Reading | None:
    """The Reading in a cache file, or None if the file is not what this program would write now."""
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


def _mapped_images(path: Path) -> np.ndarray:
    """The images (N, 36, 120) uint8, read from the disk where and when they are used; they cannot be written to."""
    with open(path, "rb") as file:
        # A safetensors file: the header's length (8 bytes, little endian), the header (JSON), the arrays' bytes.
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))["images"]
    if entry["dtype"] != "U8" or entry["shape"][1:] != [HEIGHT, WIDTH]:
        raise ValueError(f"images are {entry['dtype']} {entry['shape']}")
    start = 8 + length + entry["data_offsets"][0]
    return np.asarray(np.memmap(path, np.uint8, "r", start, tuple(entry["shape"])))
