"""Other shapes for the same elements: reshape, permute, expand, and what is made of them."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import ShapeError
from minigrad.functions.table import METHODS, Dim, alias, listed, method, public, renamed, takes_several, wrap
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import shape
from minigrad.tensor import Tensor

_reshape = differentiable(shape.reshape_forward, shape.reshape_backward)
_permute = differentiable(shape.permute_forward, shape.permute_backward)
_expand = differentiable(shape.expand_forward, shape.expand_backward)


@public
@takes_several("shape")
def reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The same elements, in the same order, with another shape; one size may be -1."""
    return _reshape(x, shape=shape)


@public
@of_tensors
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Make one axis of the axes `start_dim` to `end_dim` (inclusive)."""
    ndim = builtins.max(input.ndim, 1)
    start, end = wrap(start_dim, ndim, "flatten"), wrap(end_dim, ndim, "flatten")
    if start > end:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} for shape {input.shape}.")
    middle = input.shape[start : end + 1]
    return reshape(input, input.shape[:start] + (math.prod(middle),) + input.shape[end + 1 :])


@public
def squeeze(x: Tensor, dim: Dim = None) -> Tensor:
    """Drop axes of length 1: all of them, or those in `dim` (others are left as they are)."""
    asked = range(x.ndim) if dim is None else listed(dim)
    dropped = [wrap(d, x.ndim, "squeeze") for d in asked]
    if len(set(dropped)) < len(dropped):
        raise ShapeError(f"squeeze: dim {dim} names an axis of {x.shape} twice.")
    return reshape(x, tuple(n for a, n in enumerate(x.shape) if not (a in dropped and n == 1)))


@public
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """Add an axis of length 1 at `dim`."""
    place = wrap(dim, x.ndim + 1, "unsqueeze")
    return reshape(x, x.shape[:place] + (1,) + x.shape[place:])


@public
@takes_several("dims")
def permute(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Reorder the axes: axis i of the result is axis `dims[i]` of x."""
    if sorted(wrap(d, x.ndim, "permute") for d in dims) != list(range(x.ndim)):
        raise ShapeError(f"permute: expected each axis of {x.shape} once, got {dims}.")
    return _permute(x, axes=dims)


@public
@of_tensors
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes."""
    order = list(range(input.ndim)) or [0]
    first, second = wrap(dim0, input.ndim, "transpose"), wrap(dim1, input.ndim, "transpose")
    order[first], order[second] = second, first
    return _permute(input, axes=tuple(order[: input.ndim]))


@public
def swapaxes(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose`, by NumPy's name."""
    return transpose(x, axis0, axis1)


@public
@of_tensors
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix (a vector or scalar is left as it is)."""
    if input.ndim > 2:
        raise ShapeError(f"t: expected at most 2 axes, got shape {input.shape}. Use transpose(dim0, dim1) or permute.")
    return _permute(input, axes=tuple(reversed(range(input.ndim))))


@of_tensors
def numel(x: Tensor) -> int:
    """The number of elements."""
    return x.numel()


@method
@takes_several("size")
def expand(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Repeat x along new axes (on the left) and axes of length 1, without copying; -1 keeps an axis."""
    added = len(size) - x.ndim
    result = size[:added] + tuple(old if new == -1 else new for new, old in zip(size[added:], x.shape, strict=False))
    if (
        added < 0
        or builtins.any(n < 0 for n in result)
        or builtins.any(old not in (1, n) for n, old in zip(result[added:], x.shape, strict=True))
    ):
        raise ShapeError(f"expand: only axes of length 1 and new axes on the left can grow, got {x.shape} to {size}.")
    return _expand(x, shape=result)


@public
@takes_several("size")
def broadcast_to(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """`expand`, under NumPy's name."""
    return expand(x, size)


@public
def unflatten(x: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Make several axes of one, the inverse of `flatten`; one size may be -1."""
    place = wrap(dim, x.ndim, "unflatten")
    rest = math.prod(n for n in sizes if n != -1)
    if not sizes or x.ndim == 0 or (-1 not in sizes and rest != x.shape[place]):
        raise ShapeError(f"unflatten: expected sizes whose product is the axis {dim} of {x.shape}, got {tuple(sizes)}.")
    return reshape(x, x.shape[:place] + tuple(sizes) + x.shape[place + 1 :])


@public
def movedim(x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Put axes in other places; the rest keep their order."""
    sources, destinations = map(listed, (source, destination))
    taken = [wrap(d, x.ndim, "movedim") for d in sources]
    places = [wrap(d, x.ndim, "movedim") for d in destinations]
    if len(taken) != len(places) or len(set(taken)) < len(taken) or len(set(places)) < len(places):
        raise ShapeError(f"movedim: expected as many places as axes, each once, got {source} to {destination}.")
    order = [d for d in range(x.ndim) if d not in taken]
    for place, axis in sorted(zip(places, taken, strict=True)):
        order.insert(place, axis)
    return _permute(x, axes=tuple(order)[: x.ndim])


@public
@of_tensors
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors, each expanded to the shape that they broadcast to."""
    try:
        common = np.broadcast_shapes(*[tensor.shape for tensor in tensors])
    except ValueError:
        shapes = ", ".join(str(tensor.shape) for tensor in tensors)
        raise ShapeError(f"broadcast_tensors: the shapes {shapes} do not broadcast.") from None
    return tuple(_expand(tensor, shape=common) for tensor in tensors)


@public
@of_tensors
def meshgrid(*tensors: Tensor, indexing: str = "ij") -> tuple[Tensor, ...]:
    """A grid of the points with these coordinates: tensor i varies along axis i of each result.

    indexing: "ij", or "xy" for the first two axes exchanged.
    """
    if indexing not in ("ij", "xy"):
        raise ValueError(f"meshgrid: indexing must be 'ij' or 'xy', got {indexing!r}.")
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if not tensors or builtins.any(tensor.ndim > 1 for tensor in tensors):
        shapes = ", ".join(str(tensor.shape) for tensor in tensors) or "none"
        raise ShapeError(f"meshgrid: expected vectors, got {shapes}.")
    axes = list(range(len(tensors)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = [1, 0]
    lines = [reshape(t, [-1 if a == axes[i] else 1 for a in range(len(axes))]) for i, t in enumerate(tensors)]
    return broadcast_tensors(*lines)


@method
@of_tensors
def view(x: Tensor, *size: int | Sequence[int], **named: Any) -> Tensor:
    """`reshape`. (On the same memory where x's order allows it, which PyTorch's insists on.)"""
    if size and isinstance(size[0], (np.dtype, type)):
        raise TypeError("view: the bytes of a tensor cannot be read as another dtype. Convert it: x.to(dtype).")
    return reshape(x, *size, **({"shape": named.pop("size"), **named} if "size" in named else named))


@method
@of_tensors
def view_as(x: Tensor, other: Tensor) -> Tensor:
    """x with the shape of `other`."""
    return _reshape(x, shape=other.shape)


@method
@of_tensors
def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """x expanded to the shape of `other`."""
    return expand(x, other.shape)


ravel = alias("ravel", flatten)
swapdims = alias("swapdims", transpose)
moveaxis = alias("moveaxis", movedim)


def _matrix_transpose(x: Tensor) -> Tensor:
    if x.ndim < 2:
        raise ShapeError(f"mT: expected at least 2 axes, got shape {x.shape}.")
    return transpose(x, -2, -1)


METHODS.update(
    reshape_as=renamed("reshape_as", view_as),
    T=property(lambda x: _permute(x, axes=tuple(reversed(range(x.ndim)))), doc="All axes reversed."),
    mT=property(_matrix_transpose, doc="The last two axes exchanged."),
)
