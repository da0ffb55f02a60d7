"""What is said where an array of a student's is not the one it should be."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.exercises.answer import Complaint, described


def numbers(found: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """`found` as float64 of this shape; complains of what is none. what: its name."""
    try:
        values = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        raise Complaint(f"{what} must be an array of numbers, got {described(found)}") from None
    if values.shape != shape:
        raise Complaint(f"{what} must have shape {shape}, got {values.shape}")
    return values


def largest_difference(values: np.ndarray, expected: np.ndarray, what: str) -> str:
    """Where two arrays of one shape differ most, as a sentence; a NaN differs more than any number."""
    index = np.unravel_index(np.argmax(np.abs(np.nan_to_num(values - expected, nan=np.inf))), expected.shape)
    place = f" at [{', '.join(map(str, index))}]" if index else ""
    return f"{what} is {values[index]:.6g}{place}, it should be {expected[index]:.6g}"
