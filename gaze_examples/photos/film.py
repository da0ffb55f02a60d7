"""A film from a file: each frame is answered by itself, drawn, and written as a line of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from gaze_examples.data.eyes import DataError
from gaze_examples.photos.answers import look
from gaze_examples.photos.drawing import annotate
from gaze_examples.photos.files import grey_of
from minigrad.nn import Module

# What FFmpeg in OpenCV has to say of a broken film is said in one sentence. It reads this at its first film.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

USUAL_RATE = 25.0  # frames a second, where a film does not say


class Film(NamedTuple):
    """How many frames a film has, in how many there was an answer, and how often each."""

    frames: int
    answered: int
    looks: Counter[str]

    def row(self) -> tuple[str, str, str]:
        """For the table: what it looks at most often, how often, and in how many frames there is an answer."""
        answers = f"{self.answered:,} of {self.frames:,} frames answered"
        if not self.looks:
            return "no face could be answered", "", answers
        name, times = self.looks.most_common(1)[0]
        return f"mostly {name}", f"{100 * times / sum(self.looks.values()):.0f} % of it", answers


def check_film(path: Path) -> None:
    """DataError for what is no film."""
    with _quiet_opencv():
        _Reader(path).close()


def annotate_film(model: Module, path: Path, beside: Path) -> Film:
    """Write `beside`.mp4 and `beside`.jsonl. DataError, and none of them, for what is no film."""
    movie, lines = (beside.with_name(f"{beside.name}.{ending}") for ending in ("mp4", "jsonl"))
    frames, answered, looks = 0, 0, Counter[str]()
    with (
        _quiet_opencv(),
        closing(_Reader(path)) as reader,
        closing(_Writer(movie, reader.rate, reader.first)) as writer,
        open(lines, "w", encoding="utf-8") as file,
        tqdm(total=reader.length, desc=path.name, unit=" frames", file=sys.stderr, disable=None) as bar,
    ):
        for frame in chain([reader.first], reader):
            answers = look(model, grey_of(frame))
            writer.write(annotate(frame, answers))
            entry = {"frame": frames, "seconds": round(frames / reader.rate, 3),
                     "faces": [answer.as_dict() for answer in answers]}  # fmt: skip
            file.write(json.dumps(entry) + "\n")
            names = [answer.name for answer in answers if answer.quadrant is not None]
            looks.update(names)
            answered += bool(names)
            frames += 1
            bar.update()
    return Film(frames, answered, looks)


class _Reader:
    """The frames of a film after the first, one after the other."""

    def __init__(self, path: Path) -> None:
        self.capture = cv2.VideoCapture(str(path))
        rate, length = (self.capture.get(what) for what in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT))
        self.rate = rate if 1 <= rate <= 1000 else USUAL_RATE
        self.length = int(length) if length > 0 else None
        there, self.first = self.capture.read()
        if not there:
            raise DataError(f"Cannot read the film {path}: it is broken, or not one that OpenCV knows.")

    def __iter__(self) -> _Reader:
        return self

    def __next__(self) -> np.ndarray:
        there, frame = self.capture.read()
        if not there:
            raise StopIteration
        return frame

    def close(self) -> None:
        self.capture.release()


class _Writer:
    """A film being written, as large as its first frame."""

    def __init__(self, path: Path, rate: float, first: np.ndarray) -> None:
        height, width = first.shape[:2]
        self.film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (width, height))
        if not self.film.isOpened():
            raise DataError(f"OpenCV cannot write films here ({path.name}); give the frames as photos.")

    def write(self, frame: np.ndarray) -> None:
        self.film.write(frame)

    def close(self) -> None:
        self.film.release()


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """OpenCV's own log is off meanwhile."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
