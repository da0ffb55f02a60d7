"""Grey images from files, many at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from gaze_examples.data.eyes import HEIGHT, WIDTH, Skipped
from gaze_examples.data.parts import Progress

CHUNK = 128  # pairs a thread reads at a time, and between two calls of `progress`


def read_grey(path: Path) -> np.ndarray:
    """The image (height, width) uint8 in a file, in grey; ValueError says why there is none."""
    try:
        # Not cv2.imread: on Windows it cannot open paths outside the system's code page.
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    contents = data.tobytes()
    # A JPEG without its end marker is cut short; some OpenCV versions fill the rest with grey and say nothing.
    cut_short = contents.startswith(b"\xff\xd8") and b"\xff\xd9" not in contents
    image = None if cut_short or not contents else cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ValueError("broken: not an image, or cut short")
    return image


def read_pairs(
    count: int, read_one: Callable[[int], np.ndarray | Skipped], progress: Progress
) -> tuple[np.ndarray, dict[int, Skipped]]:
    """The images (count, 36, 120) uint8 that `read_one` gives for 0, 1, ..., and by number those that it skips."""
    images = np.zeros((count, HEIGHT, WIDTH), np.uint8)
    skipped: dict[int, Skipped] = {}

    def read_chunk(start: int) -> int:
        chunk = range(start, min(start + CHUNK, count))
        for i in chunk:
            image = read_one(i)
            if isinstance(image, Skipped):
                skipped[i] = image
            else:
                images[i] = image
        return len(chunk)

    # Threads, not processes: OpenCV works outside Python's lock, and all of them write into one array.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for finished in pool.map(read_chunk, range(0, count, CHUNK)):
            progress(finished)
    return images, dict(sorted(skipped.items()))
