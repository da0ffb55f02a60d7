"""`EyeSet`: eye pairs in memory, and where they look. Every reader makes one, everything else takes one.

A reader returns a `Reading`: the eyes, and what it had to skip, so that nothing is left out in silence. What cannot be
read at all is a `DataError`.

The quadrants of the field of view. Left and right are those of the image, so the person's own are the other way round:

    label   pitch              yaw                                 name
    0       up (>= origin)     negative (< origin), to the right   up right
    1       up                 positive (>= origin), to the left   up left
    2       down (< origin)    negative                            down right
    3       down               positive                            down left

Angles are those of the MPIIGaze family: for a gaze direction (x right, y down, z away from the camera),
yaw = atan2(-x, -z) and pitch = asin(-y), in radians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

HEIGHT, WIDTH = 36, 120
QUADRANTS = ("up right", "up left", "down right", "down left")
MIRRORED = np.array([1, 0, 3, 2])  # the quadrant that each becomes in a mirror


class DataError(Exception):
    """Data that cannot be used. The message is one sentence: what was expected, what came, what to do."""


@dataclass(frozen=True)
class EyeSet:
    """N eye pairs.

    images: (N, 36, 120) uint8, the eye on the image's left beside the eye on its right, 36 x 60 each.
    gaze: (N, 2) float32, yaw and pitch in radians.
    person: (N,) int16, an index into `people`.
    people: the people's names, such as "p00".
    source: one sentence that says what these images are.
    quadrant: (N,) uint8, where the source itself knows the quadrant (a renderer knows the point on the screen).
    oracle: (N,) uint8, what an observer who knows the true eyeball angles would answer, where that is known.
    """

    images: np.ndarray
    gaze: np.ndarray
    person: np.ndarray
    people: tuple[str, ...]
    source: str
    quadrant: np.ndarray | None = None
    oracle: np.ndarray | None = None

    @classmethod
    def empty(cls, source: str) -> EyeSet:
        """No pair of nobody."""
        images = np.zeros((0, HEIGHT, WIDTH), np.uint8)
        return cls(images, np.zeros((0, 2), np.float32), np.zeros(0, np.int16), (), source)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: np.ndarray | slice) -> EyeSet:
        """The pairs at `index` (positions, a mask or a slice), as an EyeSet of the same people."""
        return replace(
            self,
            images=self.images[index],
            gaze=self.gaze[index],
            person=self.person[index],
            quadrant=None if self.quadrant is None else self.quadrant[index],
            oracle=None if self.oracle is None else self.oracle[index],
        )


class Skipped(NamedTuple):
    """An image or a label line that was left out: its path inside the data set (`Label/p00.label:17`), and why."""

    path: str
    why: str


class Reading(NamedTuple):
    """What a reader found."""

    eyes: EyeSet
    skipped: list[Skipped]


def angles(directions: np.ndarray) -> np.ndarray:
    """Yaw and pitch (..., 2) in radians of `directions` (..., 3), which need not have length 1."""
    x, y, z = np.moveaxis(directions / np.linalg.norm(directions, axis=-1, keepdims=True), -1, 0)
    return np.stack([np.arctan2(-x, -z), np.arcsin(-y)], axis=-1)


def concatenate(sets: Sequence[EyeSet], source: str) -> EyeSet:
    """One EyeSet of all pairs in `sets`, in order; people of the same name are the same person.

    `quadrant` and `oracle` stay only where every set has them: half a column would be mistaken for a whole one.
    """
    people = tuple(dict.fromkeys(name for eyes in sets for name in eyes.people))
    renumbered = [np.array([people.index(name) for name in eyes.people], np.int16)[eyes.person] for eyes in sets]

    def joined(columns: list[np.ndarray | None]) -> np.ndarray | None:
        present = [column for column in columns if column is not None]
        return np.concatenate(present) if len(present) == len(columns) else None

    return EyeSet(
        images=np.concatenate([eyes.images for eyes in sets]),
        gaze=np.concatenate([eyes.gaze for eyes in sets]),
        person=np.concatenate(renumbered),
        people=people,
        source=source,
        quadrant=joined([eyes.quadrant for eyes in sets]),
        oracle=joined([eyes.oracle for eyes in sets]),
    )
