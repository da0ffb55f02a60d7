"""Where in a picture the faces and their eyes are, and the eyes cut out as the networks know them.

Faces and eyes are found by Haar cascades (Viola & Jones 2001) that come with OpenCV. They find frontal faces, and they
make mistakes: a brow or a nostril is taken for an eye. So all pairs of boxes in a face are judged by how plausible they
are as two eyes, and the best one is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np

from gaze_examples.data.eyes import HEIGHT, WIDTH, DataError

SEARCHED = 640  # pixels on the longer side of the picture in which faces are looked for
SMALLEST = 40  # pixels of a face in that picture: the eyes of smaller ones could not be read anyway
EYE_BAND = (0.18, 0.58)  # of a face's height, where its eyes are
PATCH_WIDTH, PATCH_HEIGHT = 1.07, 0.6  # of an eye's patch: in widths of its box, and in widths of the patch
CORNERS_BELOW = 0.05  # widths of its box by which an eye's corners, on which patches are centred, lie below the middle


class Box(NamedTuple):
    """A rectangle in a picture, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


class Face(NamedTuple):
    """A face, and its two eyes if they were found: first the one on the image's left.

    plausibility: 0..1, how well the two boxes fit two eyes of this face.
    problem: why there are no eyes, or "".
    """

    box: Box
    eyes: tuple[Box, Box] | None
    plausibility: float
    problem: str


def find_faces(grey: np.ndarray) -> list[Face]:
    """The frontal faces in a grey picture (H, W) uint8, from left to right."""
    shrink = min(1.0, SEARCHED / max(grey.shape))
    small = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else grey
    found = _cascade("haarcascade_frontalface_default").detectMultiScale(small, 1.1, 5, minSize=(SMALLEST, SMALLEST))
    return [_with_eyes(grey, box) for box in _boxes(found, shrink)]


def _with_eyes(grey: np.ndarray, face: Box) -> Face:
    """A face with the two boxes that are most plausible as its eyes."""
    left, right = int(face.x), int(face.x + face.width)
    top, bottom = (int(face.y + share * face.height) for share in EYE_BAND)
    band = grey[top:bottom, left:right]
    shrink = min(1.0, SEARCHED / 2 / face.width)  # an eye of 80 pixels is found as well as one of 800, and sooner
    if shrink < 1:
        band = cv2.resize(band, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    found = _cascade("haarcascade_eye").detectMultiScale(band, 1.05, 4)
    boxes = _boxes(found, shrink, left, top)
    if len(boxes) < 2:
        return Face(face, None, 0.0, "only one eye was found" if boxes else "no eyes were found")
    best = max(combinations(boxes, 2), key=lambda pair: plausibility(face, *pair))
    fit = plausibility(face, *best)
    if fit == 0:
        return Face(face, None, 0.0, "no two eyes were found that fit the face")
    return Face(face, best, fit, "")


def _boxes(found: Sequence[Sequence[int]], shrink: float, left: int = 0, top: int = 0) -> list[Box]:
    """What was found in a shrunken part of a picture, in the picture's pixels, from left to right."""
    sizes = (tuple(float(number) / shrink for number in box) for box in found)
    return sorted(Box(left + x, top + y, width, height) for x, y, width, height in sizes)


def plausibility(face: Box, left: Box, right: Box) -> float:
    """0..1, how well two boxes fit two eyes of a face: as the worst of four rules, each 1 where all is well.

    Eyes are about equally large, level, 0.3 to 0.55 of the face's width apart, and as far left of its middle as right.
    """
    across, down = (b - a for a, b in zip(left.centre, right.centre, strict=True))
    if across <= 0:
        return 0.0
    middle = (left.centre[0] + right.centre[0]) / 2 - face.centre[0]
    apart = across / face.width
    return min(
        _falling(1 - min(left.width, right.width) / max(left.width, right.width), 0.25, 0.6),
        _falling(abs(down) / across, 0.1, 0.4),
        _falling(max(0.3 - apart, apart - 0.55), 0.0, 0.15),
        _falling(abs(middle) / face.width, 0.07, 0.2),
    )


def _falling(value: float, fine: float, never: float) -> float:
    """1 up to `fine`, 0 from `never` on, and a straight line between."""
    return float(np.clip((never - value) / (never - fine), 0, 1))


def eye_pair(grey: np.ndarray, eyes: Sequence[Box], shifts: np.ndarray | None = None, scale: float = 1.0) -> np.ndarray:
    """The two eyes as the networks know them: (36, 120) uint8, each patch equalised.

    shifts: (2, 2), how far each patch is moved right and down, in pixels of the patch. scale: of what it shows.
    """
    if shifts is None:
        shifts = np.zeros((2, 2))
    size_of_box = (eyes[0].width + eyes[1].width) / 2  # of both: one person's eyes are equally large
    width, below = scale * PATCH_WIDTH * size_of_box, CORNERS_BELOW * size_of_box
    size = max(2, round(width)), max(2, round(PATCH_HEIGHT * width))
    step = width / (WIDTH / 2)
    patches = []
    for box, shift in zip(eyes, shifts, strict=True):
        centre = (box.centre[0] - 0.5 + step * shift[0], box.centre[1] - 0.5 + below + step * shift[1])
        seen = cv2.getRectSubPix(grey, size, centre)
        finer = cv2.INTER_AREA if size[1] > HEIGHT else cv2.INTER_CUBIC
        patches.append(cv2.equalizeHist(cv2.resize(seen, (WIDTH // 2, HEIGHT), interpolation=finer)))
    return np.hstack(patches)


@cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    if not hasattr(cv2, "CascadeClassifier"):
        raise DataError(
            f"Faces are found with the cascades of OpenCV 4, and this is OpenCV {cv2.__version__}; install "
            "opencv-python-headless>=4.8,<5."
        )
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}{name}.xml")  # type: ignore[attr-defined]
