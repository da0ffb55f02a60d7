"""From an angle to a label: the quadrant rule, and where its origin lies.

The origin is the middle of the field of view. Laptop users look down at their screen, so the middle is not at the
angle (0, 0) (there, 98 % of MPIIFaceGaze would be "down") but about at the median gaze. The median is learnt from
data, so it belongs to the training part: take it there with `origin_of`, then apply it to every part.
"""

from __future__ import annotations

import re

import numpy as np

from gaze_examples.data.eyes import DataError, EyeSet

Origin = str | tuple[float, float]
"""Where a user puts the middle: "median", "zero", or (yaw, pitch) in degrees."""


def parse_origin(text: str) -> Origin:
    """The Origin a user wrote as `median`, `zero` or `YAW,PITCH` in degrees, such as `0,-9.5`."""
    word = text.strip().lower()
    if word in ("median", "zero"):
        return word
    number = r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*"
    angles = re.fullmatch(f"{number},{number}", text)
    if angles is None:
        raise DataError(f'The origin must be "median", "zero" or YAW,PITCH in degrees such as "0,-9.5", not "{text}".')
    yaw, pitch = float(angles[1]), float(angles[2])
    if abs(yaw) > 180 or abs(pitch) > 90:
        raise DataError(f"The origin is YAW,PITCH in degrees, yaw -180 to 180 and pitch -90 to 90, not {text.strip()}.")
    return yaw, pitch


def origin_of(gaze: np.ndarray, origin: Origin) -> tuple[float, float]:
    """The origin as (yaw, pitch) in radians; "median" is taken from `gaze` (N, 2), the training part's angles."""
    if origin == "median":
        yaw, pitch = np.median(gaze, axis=0)
    elif origin == "zero":
        yaw, pitch = 0.0, 0.0
    else:
        yaw, pitch = np.radians(origin)
    return float(yaw), float(pitch)


def quadrants(gaze: np.ndarray, origin: tuple[float, float]) -> np.ndarray:
    """The labels (N,) uint8 of `gaze` (N, 2), by the table of `eyes.py`; all angles are in radians.

    Exactly on the origin counts as up, and as positive yaw.
    """
    # In the gaze's own precision: a float32 angle of "10 degrees" must lie on an origin of 10 degrees.
    yaw, pitch = (gaze >= np.asarray(origin, gaze.dtype)).T
    return (2 * ~pitch + yaw).astype(np.uint8)


def labels_of(eyes: EyeSet, origin: tuple[float, float]) -> np.ndarray:
    """The labels (N,) uint8 of `eyes`: what the source knows about the screen, else the quadrants about `origin`."""
    return eyes.quadrant if eyes.quadrant is not None else quadrants(eyes.gaze, origin)
