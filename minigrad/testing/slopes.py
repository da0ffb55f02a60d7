"""What a subject's backward says at one call, and what the slopes of its forward are there.

The outputs, times the upstream gradients and summed, are a function of the array at one place: its slope is what
backward should give. All is done on copies, and in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.numeric import numeric_jacobian, numerical_gradient
from minigrad.testing.case import Case, Place
from minigrad.testing.measure import Measured, measure
from minigrad.testing.subjects import Subject, Upstream


def gradient_at(subject: Subject, case: Case, place: Place, upstream: Upstream) -> np.ndarray:
    """What backward says of the array at `place`."""
    _, backward = quiet(subject.run, case.copied())
    return np.asarray(quiet(backward, copies(upstream))[place], np.float64)


def slopes_at(subject: Subject, case: Case, place: Place, upstream: Upstream) -> np.ndarray:
    """The slope of Σ upstream * outputs in every element of the array at `place`, where it is smooth."""
    f, x, flat = as_function(subject, case, place, upstream)
    return numerical_gradient(f, x, flat)


def measured_at(subject: Subject, case: Case, place: Place, upstream: Upstream, expected: np.ndarray) -> Measured:
    """The same slopes, how exact they are, and where there are none. expected: what they should be."""
    f, x, flat = as_function(subject, case, place, upstream)
    return measure(f, x, flat, expected=expected)


def jacobian_at(subject: Subject, case: Case, place: Place) -> np.ndarray:
    """The slope of every output element in every element of the array at `place`: of shape (size of it, outputs)."""
    outs, _ = quiet(subject.run, case.copied())
    ones = tuple(np.ones(np.shape(out)) if np.asarray(out).dtype.kind == "f" else None for out in outs)
    f, x, _ = as_function(subject, case, place, ones)
    return numeric_jacobian(f, x)


def as_function(
    subject: Subject, case: Case, place: Place, upstream: Upstream
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, np.ndarray]:
    """(f, x, upstream): all outputs as one flat array, as a function of the array at `place`; all in float64."""
    moved = case.copied().each(in_float64)
    run, flat = flat_outputs(subject, upstream)

    def f(x: np.ndarray) -> np.ndarray:
        return run(moved.with_array(place, x))

    return f, moved.at(place), flat


def flat_outputs(subject: Subject, upstream: Upstream) -> tuple[Callable[[Case], np.ndarray], np.ndarray]:
    """(run, upstream): all outputs of a call that a gradient flows back from, and their gradients, as flat arrays."""

    def run(case: Case) -> np.ndarray:
        # Copies, since a forward that changes its arguments would otherwise change them for the next step too.
        outs, _ = quiet(subject.run, case.copied())
        parts = [np.ravel(out) for out, one in zip(outs, upstream, strict=True) if one is not None]
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)

    flat = [np.ravel(one) for one in upstream if one is not None]
    return run, np.concatenate(flat).astype(np.float64) if flat else np.zeros(0)


def quiet(function: Callable, *args: Any) -> Any:
    """What a function makes of values where it is not defined is for us to judge, and no warning."""
    with np.errstate(all="ignore"):
        return function(*args)


def copies(upstream: Upstream) -> Upstream:
    """The same upstream gradients, that may be written into."""
    return tuple(None if one is None else one.copy() for one in upstream)


def in_float64(array: Any) -> Any:
    """The array, if it is floating point, in float64."""
    return np.asarray(array, np.float64) if array.dtype.kind == "f" else array
