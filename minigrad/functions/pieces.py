"""Joining tensors and cutting them up: cat, stack, split, chunk, and what is made of them."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import ShapeError, array_module, result_type, to_device, to_host
from minigrad.functions.conversion import to
from minigrad.functions.indexing import getitem
from minigrad.functions.shape import expand, flatten, reshape
from minigrad.functions.table import Dim, alias, listed, method, public, takes_several, whole, wrap
from minigrad.lift import differentiable
from minigrad.ops import shape
from minigrad.tensor import Tensor, as_array

_cat = differentiable(shape.cat_forward, shape.cat_backward)
_stack = differentiable(shape.stack_forward, shape.stack_backward)
_split = differentiable(shape.split_forward, shape.split_backward)
_unbind = differentiable(shape.unbind_forward, shape.unbind_backward)


@public
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along an axis that they have."""
    alike = _alike(tensors, "cat")
    if builtins.any(one.ndim > 1 for one in alike):  # an empty vector beside others is nothing at all
        alike = [one for one in alike if one.shape != (0,)]
    first = alike[0].shape
    axis = wrap(dim, len(first), "cat")
    if not first or builtins.any(one.shape[:axis] + (first[axis],) + one.shape[axis + 1 :] != first for one in alike):
        raise ShapeError(f"cat: expected tensors of equal shapes but for dim {dim}, not 0-d, got {_shapes(tensors)}.")
    return _cat(alike, axis=axis)


@public
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The equally shaped tensors one after another along a new axis."""
    alike = _alike(tensors, "stack")
    if builtins.any(one.shape != alike[0].shape for one in alike):
        raise ShapeError(f"stack: expected tensors of equal shapes, got {_shapes(tensors)}.")
    return _stack(alike, axis=wrap(dim, alike[0].ndim + 1, "stack"))


def _alike(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    """The tensors in their common dtype."""
    if not isinstance(tensors, (tuple, list)) or not builtins.all(isinstance(one, Tensor) for one in tensors):
        raise TypeError(f"{name}: expected a tuple or list of tensors, got {tensors!r}.")
    if len(tensors) == 0:
        raise ShapeError(f"{name}: expected at least one tensor, got none.")
    common = result_type(*tensors)
    return [tensor if tensor.dtype == common else to(tensor, common) for tensor in tensors]


def _shapes(tensors: Sequence[Tensor]) -> str:
    return ", ".join(f"{one.dtype} {one.shape}" for one in tensors)


concat, concatenate = alias("concat", cat), alias("concatenate", cat)


@public
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side: along axis 1, or axis 0 if they have but one."""
    rows = [tensor if tensor.ndim else reshape(tensor, 1) for tensor in _alike(tensors, "hstack")]
    return cat(rows, 0 if rows[0].ndim == 1 else 1)


@public
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors on top of one another, along axis 0; vectors are rows."""
    return cat([tensor if tensor.ndim > 1 else reshape(tensor, 1, -1) for tensor in _alike(tensors, "vstack")])


@public
def split(
    x: Tensor, split_size_or_sections: int | Sequence[int] = (), dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """Pieces of x along `dim`: each of one length (the last may be shorter), or as long as a list says."""
    if split_size is not None:  # what the method calls it in PyTorch
        split_size_or_sections = split_size
    axis, length = _axis_and_length(x, dim, "split")
    if isinstance(split_size_or_sections, (int, np.integer)):
        size = int(split_size_or_sections)
        if size < 0 or (size == 0 and length > 0):
            raise ValueError(f"split: the length of a piece must be positive, got {size}.")
        lengths = [builtins.min(size, length - start) for start in range(0, length, size or 1)] or [0]
    elif not isinstance(split_size_or_sections, (tuple, list)):
        raise TypeError(f"split: expected the length of a piece or a list of them, got {split_size_or_sections!r}.")
    else:
        lengths = [whole(n, "split", "each length") for n in split_size_or_sections]
        if builtins.sum(lengths) != length or builtins.any(n < 0 for n in lengths):
            raise ShapeError(f"split: the lengths must add up to {length} (shape {x.shape}, dim {dim}), got {lengths}.")
    return _split(x, lengths=tuple(lengths), axis=axis) if lengths else ()


@public
def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """x cut along `dim` into at most `chunks` pieces of one length (the last may be shorter)."""
    axis, length = _axis_and_length(x, dim, "chunk")
    chunks = whole(chunks, "chunk", "chunks")
    if chunks < 1:
        raise ValueError(f"chunk: there must be at least one piece, got chunks = {chunks}.")
    if length == 0:
        return _split(x, lengths=(0,) * chunks, axis=axis)
    return split(x, math.ceil(length / chunks), axis)


@public
def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of x along `dim`, without that axis."""
    axis, length = _axis_and_length(x, dim, "unbind")
    return _unbind(x, axis=axis) if length else ()


def _axis_and_length(x: Tensor, dim: int, name: str) -> tuple[int, int]:
    if x.ndim == 0:
        raise ShapeError(f"{name}: a 0-d tensor has no axis to cut along.")
    axis = wrap(dim, x.ndim, name)
    return axis, x.shape[axis]


@public
def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """The part of x from `start` on, `length` long, along `dim`."""
    axis, end = _axis_and_length(x, dim, "narrow")
    start, length = whole(start, "narrow", "start"), whole(length, "narrow", "length")
    first = start + end * (start < 0)
    if length < 0 or not 0 <= first <= end - length:
        raise IndexError(f"narrow: {start}..{start + length} does not lie in 0..{end} (shape {x.shape}, dim {dim}).")
    return getitem(x, (slice(None),) * axis + (slice(first, first + length),))


@public
def select(x: Tensor, dim: int, index: int) -> Tensor:
    """The slice of x at `index` along `dim`, without that axis."""
    axis, length = _axis_and_length(x, dim, "select")
    if not -length <= index < length:
        raise IndexError(
            f"select: index must lie in {-length}..{length - 1} (shape {x.shape}, dim {dim}), got {index}."
        )
    return getitem(x, (slice(None),) * axis + (int(index),))


@public
@takes_several("dims")
def flip(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """A copy of x with the order along `dims` reversed."""
    axes = [wrap(d, x.ndim, "flip") for d in dims]
    if len(set(axes)) < len(axes):
        raise ShapeError(f"flip: dims {dims} names an axis of {x.shape} twice.")
    return getitem(x, tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(x.ndim))).clone()


@public
def roll(x: Tensor, shifts: int | Sequence[int], dims: Dim = None) -> Tensor:
    """A copy, moved on by `shifts` along `dims`; what leaves at the end comes in at the start. No dims: flattened."""
    if dims is None:
        return reshape(roll(flatten(x), shifts, 0), x.shape)
    by, along = map(listed, (shifts, dims))
    if len(by) != len(along):
        raise ShapeError(f"roll: expected a shift for each of dims, got {shifts} for {dims}.")
    moved = x
    for shift, dim in zip(by, along, strict=True):
        axis, length = _axis_and_length(x, dim, "roll")
        start = -shift % length if length else 0
        if start:
            moved = cat([narrow(moved, axis, start, length - start), narrow(moved, axis, 0, start)], axis)
    return x.clone() if moved is x else moved


@method
@takes_several("repeats")
def repeat(x: Tensor, repeats: tuple[int, ...]) -> Tensor:
    """Copies of x laid side by side, `repeats[i]` times along axis i; new axes come first."""
    if len(repeats) < x.ndim or builtins.any(n < 0 for n in repeats):
        raise ShapeError(f"repeat: expected a count >= 0 for each axis of {x.shape} at least, got {repeats}.")
    lengths = (1,) * (len(repeats) - x.ndim) + x.shape
    apart = reshape(x, [part for n in lengths for part in (1, n)])
    repeated = expand(apart, [part for count, n in zip(repeats, lengths, strict=True) for part in (count, n)])
    together = reshape(repeated, [count * n for count, n in zip(repeats, lengths, strict=True)])
    return together.clone() if builtins.all(count == 1 for count in repeats) else together  # else reshape has copied


@public
@takes_several("dims")
def tile(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """`repeat`, where counts that are left out (the first ones) are 1."""
    return repeat(x, (1,) * (x.ndim - len(dims)) + dims)


@public
def repeat_interleave(
    x: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element along `dim` that many times in a row; `repeats` may be a tensor with a count for each.

    Of counts alone: each one's place, that many times. output_size: the length that comes out, which is not needed.
    """
    if repeats is None:
        x, repeats, dim = Tensor(array_module(x.array).arange(len(x))), x, 0
    if dim is None:
        x, dim = flatten(x), 0
    axis, length = _axis_and_length(x, dim, "repeat_interleave")
    counts = to_host(as_array(repeats))
    if counts.dtype.kind not in "iu" or counts.shape not in ((), (1,), (length,)) or (counts < 0).any():
        got = f"{counts.dtype} {counts.shape}"
        raise ValueError(f"repeat_interleave: expected an integer >= 0, or one for each of {length}, got {got}.")
    places = np.repeat(np.arange(length), np.broadcast_to(counts, (length,)))
    return getitem(x, (slice(None),) * axis + (to_device(places, x.device),))
