"""Photographs from files and into files, whatever their paths look like."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from gaze_examples.data.eyes import DataError


def read_photo(path: Path) -> np.ndarray:
    """The picture in a file, (H, W, 3) uint8, blue first, the right way up. DataError says why there is none."""
    try:
        # Not cv2.imread: on Windows it cannot open paths outside the system's code page.
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataError(f"Cannot read the photo {path}: {error.strerror or error}.") from None
    contents = data.tobytes()
    # A JPEG without its end marker is cut short; some OpenCV versions fill the rest with grey and say nothing.
    cut_short = contents.startswith(b"\xff\xd8") and b"\xff\xd9" not in contents
    try:
        photo = None if cut_short or not contents else cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV takes
        photo = None
    if photo is None:
        raise DataError(f"Cannot read the photo {path}: it is broken, or not a picture that OpenCV knows.")
    return photo


def write_picture(picture: np.ndarray, path: Path) -> None:
    """Write a picture (H, W, 3), blue first, as a PNG file."""
    _, data = cv2.imencode(".png", picture)
    path.write_bytes(data.tobytes())


def grey_of(photo: np.ndarray) -> np.ndarray:
    """A colour picture (H, W, 3) in grey (H, W)."""
    return cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
