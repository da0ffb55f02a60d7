"""Diagonals and triangles of matrices."""

from __future__ import annotations

from minigrad.backend import Array, ShapeError, array_module
from minigrad.functions.arithmetic import where
from minigrad.functions.indexing import put
from minigrad.functions.table import public, whole, wrap
from minigrad.lift import differentiable
from minigrad.ops import shape
from minigrad.tensor import Tensor

_diagonal = differentiable(shape.diagonal_forward, shape.diagonal_backward)
_ZERO = False  # and not 0, with which the triangle of a bool mask would be integers


@public
def tril(x: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of each matrix, up to a diagonal (0 the main one, 1 the one above it), and 0 elsewhere."""
    return where(Tensor(_heights(x, "tril") <= whole(diagonal, "tril", "diagonal")), x, _ZERO)


@public
def triu(x: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of each matrix, from a diagonal on (0 the main one, 1 the one above it), and 0 elsewhere."""
    return where(Tensor(_heights(x, "triu") >= whole(diagonal, "triu", "diagonal")), x, _ZERO)


def _heights(x: Tensor, name: str) -> Array:
    """For each element of a matrix, on which diagonal it lies."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: expected matrices, at least 2 axes, got shape {x.shape}.")
    xp = array_module(x.array)
    return xp.arange(x.shape[-1]) - xp.arange(x.shape[-2])[:, None]


@public
def diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements of a diagonal of the matrices on axes `dim1`, `dim2`, as a new last axis: a view of them."""
    if x.ndim < 2:
        raise ShapeError(f"diagonal: expected at least 2 axes, got shape {x.shape}.")
    first, second = wrap(dim1, x.ndim, "diagonal"), wrap(dim2, x.ndim, "diagonal")
    if first == second:
        raise ShapeError(f"diagonal: dim1 and dim2 must be two axes, got {dim1} and {dim2} for shape {x.shape}.")
    return _diagonal(x, offset=whole(offset, "diagonal", "offset"), axis1=first, axis2=second)


@public
def diag(x: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, as a copy, or a matrix of zeros with the vector x on its diagonal."""
    if x.ndim == 2:
        return _diagonal(x, offset=whole(diagonal, "diag", "diagonal"), axis1=0, axis2=1).clone()
    if x.ndim != 1:
        raise ShapeError(f"diag: expected a vector or a matrix, got shape {x.shape}.")
    xp = array_module(x.array)
    size = len(x) + abs(diagonal)
    places = xp.arange(len(x))
    index = (places + max(-diagonal, 0), places + max(diagonal, 0))
    return put(Tensor(xp.zeros((size, size), x.dtype)), x, index)
