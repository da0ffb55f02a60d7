"""Random numbers with a tensor's shape, or by a tensor's probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import random
from minigrad.backend import ShapeError, float64, is_on_host, to_device, to_host
from minigrad.functions.in_place import copy_
from minigrad.functions.table import method, public
from minigrad.lift import of_tensors
from minigrad.tensor import Tensor


@method
@of_tensors
def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill x with normal numbers."""
    if not std >= 0:
        raise ValueError(f"normal_: std must be >= 0, got {std}.")
    return copy_(x, random.generator(generator).normal(mean, std, x.shape))


@method
@of_tensors
def uniform_(x: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill x with uniform numbers of [a, b)."""
    if not a <= b:
        raise ValueError(f"uniform_: a must be <= b, got {a} and {b}.")
    return copy_(x, random.generator(generator).uniform(a, b, x.shape))


@method
@of_tensors
def bernoulli_(x: Tensor, p: float = 0.5, *, generator: Any = None) -> Tensor:
    """Fill x with 1, each with probability p, or 0."""
    return copy_(x, random.generator(generator).random(x.shape) < p)


@public
def bernoulli(x: Tensor, *, generator: Any = None) -> Tensor:
    """1 with the probability that x holds in its place, else 0. No gradient.

    What is no probability is an error; a GPU is not asked, for which the host would wait.
    """
    p = x.array
    if is_on_host(p) and not ((p >= 0) & (p <= 1)).all():
        raise ValueError("bernoulli: expected probabilities, 0..1.")
    return Tensor((random.uniform(p.shape, float64, x.device, generator) < p).astype(p.dtype))


@public
def multinomial(x: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """`num_samples` indices, int64, drawn by the weights x (C,), or for each row of (N, C). No gradient."""
    weights = to_host(x.array).astype(np.float64)
    if weights.ndim not in (1, 2):
        raise ShapeError(f"multinomial: expected weights (C,) or (N, C), got {x.shape}.")
    rows = np.atleast_2d(weights)
    if not (np.isfinite(rows).all() and (rows >= 0).all() and (rows.sum(axis=1) > 0).all()):
        raise ValueError("multinomial: weights must be finite, >= 0, and not all 0.")
    if num_samples < 1 or (not replacement and num_samples > (rows > 0).sum(axis=1).min(initial=num_samples)):
        raise ValueError(f"multinomial: cannot draw {num_samples} of {x.shape} without putting back.")
    rng = random.generator(generator)
    drawn = [rng.choice(len(row), num_samples, replacement, row / row.sum()) for row in rows]
    indices = np.asarray(drawn, np.int64).reshape(len(rows), num_samples)
    return Tensor(to_device(indices if weights.ndim == 2 else indices[0], x.device))
