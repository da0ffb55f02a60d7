"""The error function, which NumPy lacks: a Taylor polynomial around the nearest point of a grid.

All its derivatives are at hand. erf' = g with g(x) = 2/√π e^(-x²), and from g' = -2x g, differentiated n times,

    g⁽ⁿ⁺¹⁾ = -2x g⁽ⁿ⁾ - 2n g⁽ⁿ⁻¹⁾.

On a grid of step 1/64 no x is farther than h = 1/128 from a point, and what a polynomial of degree n leaves out is of
the order of hⁿ⁺¹: far below the last place for n = 7 in float64, for n = 3 in float32. What is rounded is only the
result: a float32 is calculated in float64, too.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from minigrad.backend import Array, float64

PER_UNIT = 64  # grid points
END = 6  # from there on erf is 1 in float64


def erf(xp, x: Array) -> Array:
    """erf(x) = 2/√π ∫₀ˣ e^(-t²) dt, element by element; x a float array of any shape."""
    a = xp.minimum(abs(x), END)
    point = xp.rint(xp.fmin(a, END) * PER_UNIT).astype(np.intp)  # of NaN any
    d = a - point / PER_UNIT
    *lower, highest = _taylor(7 if x.dtype == float64 else 3)
    y = xp.asarray(highest).take(point)
    for column in reversed(lower):
        y *= d
        y += xp.asarray(column).take(point)
    return xp.copysign(y, x).astype(x.dtype)


@functools.cache
def _taylor(degree: int) -> np.ndarray:
    """Row n: erf⁽ⁿ⁾/n! at every grid point."""
    x = np.arange(END * PER_UNIT + 1) / PER_UNIT
    derivatives = [np.array([math.erf(one) for one in x]), 2 / math.sqrt(math.pi) * np.exp(-x * x)]
    for n in range(degree - 1):
        derivatives.append(-2 * x * derivatives[-1] - 2 * n * derivatives[-2])
    return np.array([derivative / math.factorial(n) for n, derivative in enumerate(derivatives)])
