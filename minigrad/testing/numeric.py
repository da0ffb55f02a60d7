"""The slope of a function by central differences: slow, simple, and without a backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minigrad.backend import Array, to_host
from minigrad.tensor import Tensor


def numeric_jacobian(function: Callable[[], Array], x: Tensor, eps: float = 1e-6) -> np.ndarray:
    """d function() / d x, of shape (elements of x, elements of the result), in float64.

    function: computes an array from x. One element of x after another is moved in place by `eps` each way, and put
    back exactly.

    (f(x + ε) - f(x - ε)) / 2ε = f'(x) + f'''(x) ε²/6 + ...: what is even in ε cancels, so the error is of the order of
    ε²; rounding adds about 1e-16 |f| / ε in float64.
    """
    rows = []
    for place in np.ndindex(x.shape):
        value = x.array[place].copy()
        try:
            x.array[place] = value + eps
            ahead = _flat(function())
            x.array[place] = value - eps
            behind = _flat(function())
        finally:
            x.array[place] = value
        rows.append((ahead - behind) / (2 * eps))
    return np.array(rows) if rows else np.zeros((0, _flat(function()).size))


def _flat(array: Array) -> np.ndarray:
    return np.array(to_host(array), np.float64).ravel()
