"""`x[index]` and `x[index] = values` in PyTorch's meaning, and picking and putting along an axis."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad.backend import (
    DtypeError,
    Number,
    ShapeError,
    array_module,
    bool_,
    int64,
    is_array,
    is_on_host,
    is_writable,
    kind_rank,
)
from minigrad.bounds import all_within
from minigrad.functions.arithmetic import where
from minigrad.functions.in_place import in_place, not_writable
from minigrad.functions.shape import broadcast_tensors
from minigrad.functions.table import METHODS, alias, operand, public, same_device, wrap
from minigrad.lift import differentiable
from minigrad.ops import indexing
from minigrad.tape import state
from minigrad.tensor import Tensor, as_array

_getitem = differentiable(indexing.getitem_forward, indexing.getitem_backward)


def _index_array(index: Any, is_part: bool = False) -> Any:
    """An index with Tensors in it, with their arrays instead. A sequence in it is an array, too."""
    if isinstance(index, tuple) and not is_part:
        return tuple(_index_array(part, is_part=True) for part in index)
    if isinstance(index, (list, tuple, range)):
        try:
            array = np.asarray([int(part) if isinstance(part, Tensor) else part for part in index])
        except ValueError:
            raise IndexError(f"getitem: the rows of a list of places must be equally long, got {index!r}.") from None
        return array if array.size else array.astype(int64)
    if isinstance(index, float) or getattr(index, "dtype", bool_).kind == "f":
        raise IndexError(f"getitem: an index must be of integers or bools, got {index!r}. Convert it with .long().")
    if isinstance(index, Tensor):
        return int(index) if index.ndim == 0 and index.dtype.kind in "iu" else index.array
    return index


def _index_steps(index: Any) -> list:
    """`index` as one or two of NumPy's, to be taken one after the other.

    Where an integer stands beside an array, NumPy reads it as an array of one, which can put the picked axes in front:
    `x[0, :, [1, 2]]` would be of shape (2, n). PyTorch takes the integers (and slices) first, then the arrays: (n, 2).
    """
    index = _index_array(index)
    if not isinstance(index, tuple) or not builtins.any(map(_picks, index)):
        return [index]
    if not builtins.any(map(_is_integer, index)):
        return [index]
    first: list = []
    for part in index:  # an array waits, and with it the axes that it will pick from
        waits = getattr(part, "ndim", 0) if getattr(part, "dtype", bool_) == bool_ else 1
        first += [slice(None)] * waits if _picks(part) else [part]
    then = [part for part in index if not _is_integer(part)]
    return [tuple(first), tuple(part if _picks(part) or part is Ellipsis else slice(None) for part in then)]


def _picks(part: Any) -> bool:
    """Whether this part of an index picks elements one by one: an array, or a lone True, which is a mask of no axes."""
    return is_array(part) or isinstance(part, (bool, np.bool_))


def _is_integer(part: Any) -> bool:
    return isinstance(part, (int, np.integer)) and not isinstance(part, bool)


def getitem(x: Tensor, index: Any) -> Tensor:
    for step in _index_steps(index):
        x = _getitem(x, index=step)
    return x


def setitem(x: Tensor, index: Any, values: Any) -> None:
    if state.here.grad_enabled and (x.requires_grad or getattr(values, "requires_grad", False)):
        raise RuntimeError(
            f"setitem: assigning to part of a tensor (shape {x.shape}) that is being differentiated is not supported. "
            "Build the result with where, cat or stack, or write inside `with mg.no_grad():`."
        )
    if not (isinstance(values, (Tensor, np.generic, list, tuple, *Number)) or is_array(values)):
        raise TypeError(f"setitem: expected a number or a tensor of values, got {values!r}.")
    place = x.array
    if not is_writable(place):
        raise not_writable(x, "setitem")
    try:
        *first, last = _index_steps(index)
        array = as_array(values, like=place)
        while array.ndim and len(array) == 1:  # axes of length 1 in front may be more than the place has
            array = array[0]
        if first:
            place = place[first[0]]  # integers and slices give a view
        masked = None if array.ndim or is_on_host(place) else _masked(place, last)
        if masked is None:
            place[last] = array
        else:
            part, mask = masked
            array_module(part).copyto(part, array, casting="unsafe", where=mask)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise _explained(error, x, values) from None
    x.edited()


def _masked(array: Any, index: Any) -> tuple[Any, Any] | None:
    """For an index of slices and a mask on a GPU: the view that the slices pick, and the mask, which broadcasts to it.

    CuPy would count how many elements the mask picks, and the host would wait for the number. None for another index.
    """
    parts = index if isinstance(index, tuple) else (index,)
    others = [axis for axis, part in enumerate(parts) if not isinstance(part, slice)]
    mask: Any = parts[others[0]] if len(others) == 1 else None
    if not is_array(mask) or is_on_host(mask) or mask.dtype != bool_:
        return None
    (before,) = others
    view = array[(*parts[:before], *[slice(None)] * mask.ndim, *parts[before + 1 :])]
    fits = view.shape[before : before + mask.ndim] == mask.shape
    return (view, mask.reshape(mask.shape + (1,) * (view.ndim - before - mask.ndim))) if fits else None


def _explained(error: Exception, x: Tensor, values: Any) -> Exception:
    """NumPy's complaint about an assignment, in our words."""
    kinds = {IndexError: IndexError, TypeError: DtypeError, OverflowError: OverflowError, ValueError: ShapeError}
    kind = next(ours for theirs, ours in kinds.items() if isinstance(error, theirs))
    shape = values.shape if hasattr(values, "shape") else np.shape(values)
    what = f"values {shape}" if shape else f"value {values!r}"
    return kind(f"setitem: {str(error).rstrip('.')}. The tensor is {x.dtype}, of shape {x.shape}, the {what}.")


def iterate(x: Tensor):
    return (getitem(x, i) for i in range(len(x)))


METHODS.update(__getitem__=getitem, __setitem__=setitem, __iter__=iterate)


_put = differentiable(indexing.put_forward, indexing.put_backward)


def put(x: Tensor, values: Tensor, index: Any, accumulate: bool = False) -> Tensor:
    """A copy of x with `values` written (or added) to the elements x[index]."""
    return _put(x, values, index=index, accumulate=accumulate)


# -- along an axis -----------------------------------------------------------------------------------------------------


@public
def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of x along `dim` whose numbers the vector `index` names, in its order."""
    axis = wrap(dim, x.ndim, "index_select")
    numbers = _numbers(index, x.shape[axis] if x.ndim else 1, "index_select")
    if numbers.ndim > 1:
        raise ShapeError(f"index_select: index must be a vector, got shape {numbers.shape}.")
    if x.ndim == 0:
        return x.clone()
    return getitem(x, (slice(None),) * axis + (numbers.reshape(-1),))


@public
def gather(x: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """out[i, j, k] = x[i, index[i, j, k], k] for dim = 1: along `dim` the index says where, elsewhere the place does.

    index: integers, with as many axes as x and nowhere longer but along `dim`. The result has its shape. sparse_grad is
        PyTorch's and makes no difference here.
    """
    vectors = x.ndim == index.ndim == 1
    if not vectors and (max(x.ndim, index.ndim) < 2 or index.numel() == 0):  # 0-d counts as a vector, as nothing does
        wrap(dim, x.ndim, "gather")
        return gather(x.reshape(-1), 0, index.reshape(-1)).reshape(index.shape)
    return getitem(x, _places(x, dim, index, "gather"))


@public
def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` where x and the indices broadcast beside `dim`, and negative ones count from the end.

    For None of x flattened, without negative ones.
    """
    if dim is None:
        return gather(x.flatten(), 0, indices.flatten())
    axis = wrap(dim, x.ndim, "take_along_dim")
    if indices.ndim != x.ndim:
        raise ShapeError(f"take_along_dim: expected as many axes as {x.shape}, got {indices.shape}.")
    length = x.shape[axis] if x.ndim else 1
    if not all_within(indices.array, length):
        indices = Tensor(indices.array + length * (indices.array < 0))
    common = [1 if 1 == n == m else n if m == 1 else m for n, m in zip(x.shape, indices.shape, strict=True)]
    wide = [n if a == axis else m for a, (n, m) in enumerate(zip(x.shape, common, strict=True))]
    tall = [n if a == axis else m for a, (n, m) in enumerate(zip(indices.shape, common, strict=True))]
    return gather(x.expand(wide), axis, indices.expand(tall))


@public
def scatter(
    x: Tensor, dim: int, index: Tensor, src: Any = None, *, value: float | None = None, reduce: str | None = None
) -> Tensor:
    """gather's opposite: a copy of x in which out[i, index[i, j, k], k] = src[i, j, k], for dim = 1.

    src: a number, or a tensor at least as long as the index on each axis. Where an index repeats, one of them stays;
        with `reduce="add"` they are added.
    """
    if reduce not in (None, "add"):
        raise ValueError(f"scatter: reduce must be None or 'add', got {reduce!r}.")
    return _scatter(x, dim, index, src if value is None else value, reduce == "add", "scatter")


@public
def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`scatter` that adds: where an index repeats, all of them count."""
    if not isinstance(src, Tensor):
        raise TypeError(f"scatter_add: src must be a tensor, got {src!r}.")
    return _scatter(x, dim, index, src, True, "scatter_add")


def _scatter(x: Tensor, dim: int, index: Tensor, src: Any, accumulate: bool, name: str) -> Tensor:
    places = _places(x, dim, index, name)
    if not isinstance(src, Tensor):
        src = operand(src, name)
        src = Tensor(src if is_array(src) else array_module(x.array).full(index.shape, src, x.dtype))
    if src.ndim != index.ndim or builtins.any(n < m for n, m in zip(src.shape, index.shape, strict=True)):
        raise ShapeError(f"{name}: src must be nowhere shorter than the index {index.shape}, got {src.shape}.")
    _alike(x, src, name)
    return put(x, getitem(src, tuple(slice(n) for n in index.shape)), places, accumulate)


@public
def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy of x with `alpha * source[i]` added to its slice number `index[i]` along `dim`."""
    axis = wrap(dim, x.ndim, "index_add")
    if x.ndim == 0:
        return index_add(x.reshape(1), 0, index, source.reshape(-1), alpha=alpha).reshape(())
    numbers = _numbers(index, x.shape[axis] if x.ndim else 1, "index_add")
    expected = x.shape[:axis] + (numbers.size,) + x.shape[axis + 1 :]
    if numbers.ndim > 1 or source.shape != expected:
        raise ShapeError(f"index_add: source must be {expected} for index {numbers.shape}, got {source.shape}.")
    _alike(x, source, "index_add")
    values = source if alpha == 1 else source * alpha
    return put(x, values, (slice(None),) * axis + (numbers.reshape(-1),), accumulate=True)


for _op in (scatter, scatter_add, index_add):
    in_place(f"{_op.__name__}_", _op)


def _places(x: Tensor, dim: int, index: Tensor, name: str) -> tuple:
    """An index into x for `gather` and its kin: an array for each axis, which broadcast to the index's shape."""
    axis = wrap(dim, x.ndim, name)
    numbers = _numbers(index, x.shape[axis] if x.ndim else 1, name)
    too_long = numbers.ndim == x.ndim and [a for a, n in enumerate(numbers.shape) if a != axis and n > x.shape[a]]
    if numbers.ndim != x.ndim or too_long:
        raise ShapeError(
            f"{name}: the index must have as many axes as x, and be nowhere longer but along dim {dim}, "
            f"got {numbers.shape} for {x.shape}."
        )
    return indexing.places_along(numbers, axis) if x.ndim else ()


def _numbers(index: Tensor, length: int, name: str) -> Any:
    """The index as an array of integers that all lie in 0..length - 1."""
    numbers = as_array(index)
    if numbers.dtype.kind not in "iu":
        raise DtypeError(f"{name}: the index must be integers, got {numbers.dtype}.")
    if not all_within(numbers, length):
        wrong = (numbers < 0) | (numbers >= length)
        raise IndexError(f"{name}: the index must lie in 0..{length - 1}, got {int(numbers[wrong][0])}.")
    return numbers


def _alike(x: Tensor, other: Tensor, name: str) -> None:
    same_device(x, other, name)
    if x.dtype != other.dtype:
        raise DtypeError(f"{name}: both tensors must be of one dtype, got {x.dtype} and {other.dtype}.")


# -- where a mask holds ------------------------------------------------------------------------------------------------


@public
def masked_fill(x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """x with `value`, a number or a 0-d tensor, where the bool `mask` (which broadcasts to x) holds."""
    shape = as_array(operand(value, "masked_fill")).shape
    if shape:
        raise ShapeError(f"masked_fill: the value must be a number or a 0-d tensor, got shape {shape}.")
    if as_array(mask).dtype != bool_:
        raise DtypeError(f"masked_fill: the mask must be a bool tensor, got {as_array(mask).dtype}.")
    if isinstance(value, Tensor) and kind_rank(value.dtype) > kind_rank(x.dtype):
        raise DtypeError(f"masked_fill: {value!r} cannot be put into a {x.dtype} tensor.")
    return where(mask, value if isinstance(value, Tensor) else x.dtype.type(value).item(), x).to(x.dtype)


in_place("masked_fill_", masked_fill)


@public
def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    """The elements of x where the bool `mask` holds, as a vector; the two broadcast."""
    if mask.dtype != bool_:
        raise DtypeError(f"masked_select: the mask must be a bool tensor, got {mask.dtype}.")
    x, mask = broadcast_tensors(x, mask)
    return getitem(x, mask)


@public
def nonzero(x: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of all elements that are not 0 (or False): a row for each, or with `as_tuple` an array an axis."""
    xp = array_module(x.array)
    if as_tuple:
        return where(x)
    rows = xp.argwhere(x.array) if x.ndim else xp.zeros((int(x.array != 0), 0), int64)
    return Tensor(rows.astype(int64))


argwhere = alias("argwhere", nonzero)
