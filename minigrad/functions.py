"""The one table of what a Tensor can do: each function is lifted here from its pair, adapted, and made a method.

A line such as `exp = _lifted(elementwise, "exp")` gives `mg.exp(x)` and `x.exp()` at once, so the two cannot drift
apart. Where PyTorch's arguments are not the pair's (`dim` for `axis`, one name for two things), a function adapts them.
At the end the table gives Tensor its methods and operators.
"""

from __future__ import annotations

import builtins
import functools
import inspect
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from minigrad.backend import (
    CPU,
    Device,
    DtypeError,
    Number,
    ShapeError,
    array_module,
    bool_,
    device,
    float32,
    float64,
    int64,
    is_array,
    is_float,
    result_type,
)
from minigrad.in_place import augmented, copy_, fill_, in_place, zero_
from minigrad.lift import differentiable
from minigrad.ops import arithmetic, elementwise, linear, reduction, shape
from minigrad.tape import state
from minigrad.tensor import Tensor

TABLE: dict[str, Callable] = {}  # every function by its public name: `mg.<name>(x)` and `x.<name>()`
METHODS: dict[str, Any] = {}  # what only a Tensor has: `x.<name>()`
Dim = int | Sequence[int] | None


def _lifted(family: ModuleType, name: str, **traits: Any) -> Callable:
    """The pair `name` of a family of ops, as a public function and method."""
    op = differentiable(getattr(family, f"{name}_forward"), getattr(family, f"{name}_backward"), **traits)
    TABLE[name] = op
    return op


def _public(function: Callable) -> Callable:
    """Enter a function in the table. One that takes `dim`, `keepdim` takes NumPy's `axis`, `keepdims` too."""
    if "dim" in inspect.signature(function).parameters:
        function = _accept_numpy_names(function)
    TABLE[function.__name__] = function
    return function


def _method(function: Callable) -> Callable:
    """Enter a function among those that are methods only."""
    METHODS[function.__name__] = function
    return function


def _accept_numpy_names(function: Callable) -> Callable:
    @functools.wraps(function)
    def renamed(*args: Any, **settings: Any) -> Any:
        if "axis" in settings:
            settings["dim"] = settings.pop("axis")
        if "keepdims" in settings:
            settings["keepdim"] = settings.pop("keepdims")
        return function(*args, **settings)

    return renamed


# -- arithmetic and comparison -----------------------------------------------------------------------------------------

add = _lifted(arithmetic, "add", broadcasts=True)
sub = _lifted(arithmetic, "sub", broadcasts=True)
mul = _lifted(arithmetic, "mul", broadcasts=True)
div = _lifted(arithmetic, "div", broadcasts=True, floats=True)
pow = _lifted(arithmetic, "pow", broadcasts=True)


def _comparison(name: str, numpy_name: str) -> Callable:
    def compare(x: Tensor, y: Any) -> Tensor:
        if not (isinstance(y, (Tensor, np.generic, *Number)) or is_array(y)):
            return NotImplemented
        y = y.array if isinstance(y, Tensor) else y
        try:
            return Tensor(getattr(array_module(x.array), numpy_name)(x.array, y))
        except ValueError:
            raise ShapeError(f"{name}: the shapes {x.shape} and {np.shape(y)} do not broadcast.") from None

    compare.__name__ = name
    compare.__doc__ = f"{numpy_name.replace('_', ' ')}, element by element, as a bool tensor without gradient."
    return _public(compare)


eq, ne = _comparison("eq", "equal"), _comparison("ne", "not_equal")
lt, le = _comparison("lt", "less"), _comparison("le", "less_equal")
gt, ge = _comparison("gt", "greater"), _comparison("ge", "greater_equal")


@_public
def logical_not(x: Tensor) -> Tensor:
    """not x, element by element, as a bool tensor."""
    return Tensor(array_module(x.array).logical_not(x.array))


def _invert(x: Tensor) -> Tensor:
    """`~x`: not x for bools, all bits flipped for integers."""
    if is_float(x.dtype):
        raise DtypeError(f"~: only bools and integers can be inverted, got {x.dtype}. Use logical_not().")
    return Tensor(array_module(x.array).invert(x.array))


# -- element by element ------------------------------------------------------------------------------------------------

neg = _lifted(elementwise, "neg")
abs = _lifted(elementwise, "abs")
sign = _lifted(elementwise, "sign")
square = _lifted(elementwise, "square")
exp = _lifted(elementwise, "exp", floats=True)
expm1 = _lifted(elementwise, "expm1", floats=True)
log = _lifted(elementwise, "log", floats=True)
log1p = _lifted(elementwise, "log1p", floats=True)
sqrt = _lifted(elementwise, "sqrt", floats=True)
rsqrt = _lifted(elementwise, "rsqrt", floats=True)
reciprocal = _lifted(elementwise, "reciprocal", floats=True)
sin = _lifted(elementwise, "sin", floats=True)
cos = _lifted(elementwise, "cos", floats=True)
tanh = _lifted(elementwise, "tanh", floats=True)
sigmoid = _lifted(elementwise, "sigmoid", floats=True)
relu = _lifted(elementwise, "relu")

# -- reductions --------------------------------------------------------------------------------------------------------

_sum = differentiable(reduction.sum_forward, reduction.sum_backward)
_mean = differentiable(reduction.mean_forward, reduction.mean_backward)


@_public
def sum(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` (an int, several, or None for all). Integers and bools are summed as int64."""
    wanted = dtype or (x.dtype if is_float(x.dtype) else int64)
    return _sum(to(x, wanted), axis=_axis(dim, x, "sum"), keepdims=keepdim)


@_public
def mean(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` (an int, several, or None for all) of a floating-point tensor."""
    x = to(x, dtype)
    if not is_float(x.dtype):
        raise DtypeError(f"mean: expected a floating-point tensor, got {x.dtype}. Convert it first: x.float().mean().")
    return _mean(x, axis=_axis(dim, x, "mean"), keepdims=keepdim)


@_public
def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) largest element along `dim`; of the flattened tensor for None."""
    axis = None if dim is None else _wrap(dim, x.ndim, "argmax")
    if 0 in (x.shape if axis is None else x.shape[axis : axis + 1]):
        raise IndexError(f"argmax: none is the largest of no elements (shape {x.shape}, dim {dim}).")
    return Tensor(array_module(x.array).asarray(x.array.argmax(axis=axis, keepdims=keepdim)))


@_public
def all(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements (along `dim`) are true."""
    return Tensor(array_module(x.array).asarray(x.array.all(axis=_axis(dim, x, "all"), keepdims=keepdim)))


@_public
def any(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element (along `dim`) is true."""
    return Tensor(array_module(x.array).asarray(x.array.any(axis=_axis(dim, x, "any"), keepdims=keepdim)))


def _axis(dim: Dim, x: Tensor, name: str) -> tuple[int, ...] | None:
    """`dim` as NumPy's `axis`, each axis counted from the start."""
    if dim is None:
        return None
    dims = (dim,) if isinstance(dim, (int, np.integer)) else tuple(dim)
    axes = tuple(_wrap(d, x.ndim, name) for d in dims)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{name}: dim {dims} names an axis of {x.shape} twice.")
    return axes if axes and x.ndim else None  # PyTorch reads an empty list of dims as all of them


# -- products ----------------------------------------------------------------------------------------------------------

matmul = _lifted(linear, "matmul", broadcasts=True)

# -- shape -------------------------------------------------------------------------------------------------------------

_copy = differentiable(shape.copy_forward, shape.copy_backward)
_reshape = differentiable(shape.reshape_forward, shape.reshape_backward)
_permute = differentiable(shape.permute_forward, shape.permute_backward)
_expand = differentiable(shape.expand_forward, shape.expand_backward)
_getitem = differentiable(shape.getitem_forward, shape.getitem_backward)
_cat = differentiable(shape.cat_forward, shape.cat_backward)
_stack = differentiable(shape.stack_forward, shape.stack_backward)


@_public
def clone(x: Tensor) -> Tensor:
    """A copy, in the graph."""
    return _copy(x)


@_public
def reshape(x: Tensor, *sizes: int | Sequence[int]) -> Tensor:
    """The same elements, in the same order, with another shape; one size may be -1."""
    return _reshape(x, shape=_sizes(sizes))


@_public
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Make one axis of the axes `start_dim` to `end_dim` (inclusive)."""
    ndim = builtins.max(x.ndim, 1)
    start, end = _wrap(start_dim, ndim, "flatten"), _wrap(end_dim, ndim, "flatten")
    if start > end:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} for shape {x.shape}.")
    middle = x.shape[start : end + 1]
    return reshape(x, x.shape[:start] + (int(np.prod(middle)),) + x.shape[end + 1 :])


@_public
def squeeze(x: Tensor, dim: Dim = None) -> Tensor:
    """Drop axes of length 1: all of them, or those in `dim` (others are left as they are)."""
    asked = range(x.ndim) if dim is None else (dim,) if isinstance(dim, (int, np.integer)) else dim
    dropped = {_wrap(d, x.ndim, "squeeze") for d in asked}
    return reshape(x, tuple(n for a, n in enumerate(x.shape) if not (a in dropped and n == 1)))


@_public
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """Add an axis of length 1 at `dim`."""
    place = _wrap(dim, x.ndim + 1, "unsqueeze")
    return reshape(x, x.shape[:place] + (1,) + x.shape[place:])


@_public
def permute(x: Tensor, *dims: int | Sequence[int]) -> Tensor:
    """Reorder the axes: axis i of the result is axis `dims[i]` of x."""
    order = _sizes(dims)
    if sorted(_wrap(d, x.ndim, "permute") for d in order) != list(range(x.ndim)):
        raise ShapeError(f"permute: expected each axis of {x.shape} once, got {order}.")
    return _permute(x, axes=order)


@_public
def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes."""
    order = list(range(x.ndim)) or [0]
    first, second = _wrap(dim0, x.ndim, "transpose"), _wrap(dim1, x.ndim, "transpose")
    order[first], order[second] = second, first
    return _permute(x, axes=tuple(order[: x.ndim]))


@_public
def t(x: Tensor) -> Tensor:
    """The transpose of a matrix (a vector or scalar is left as it is)."""
    if x.ndim > 2:
        raise ShapeError(f"t: expected at most 2 axes, got shape {x.shape}. Use transpose(dim0, dim1) or permute.")
    return _permute(x, axes=tuple(reversed(range(x.ndim))))


@_method
def expand(x: Tensor, *sizes: int | Sequence[int]) -> Tensor:
    """Repeat x along new axes (on the left) and axes of length 1, without copying; -1 keeps an axis."""
    wanted = _sizes(sizes)
    added = len(wanted) - x.ndim
    result = wanted[:added] + tuple(
        old if new == -1 else new for new, old in zip(wanted[added:], x.shape, strict=False)
    )
    if (
        added < 0
        or -1 in result
        or builtins.any(old not in (1, n) for n, old in zip(result[added:], x.shape, strict=True))
    ):
        raise ShapeError(f"expand: only axes of length 1 and new axes on the left can grow, got {x.shape} to {wanted}.")
    return _expand(x, shape=result)


@_public
def broadcast_to(x: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` with the shape as one argument."""
    return expand(x, size)


@_public
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along an axis that they have."""
    return _cat(_alike(tensors, "cat"), axis=dim)


@_public
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The equally shaped tensors one after another along a new axis."""
    return _stack(_alike(tensors, "stack"), axis=dim)


def _alike(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    """The tensors in their common dtype."""
    if len(tensors) == 0:
        raise ShapeError(f"{name}: expected at least one tensor, got none.")
    common = result_type(*tensors)
    return [to(tensor, common) for tensor in tensors]


def _sizes(sizes: Sequence) -> tuple[int, ...]:
    """`(2, 3)`, given as two arguments or as one sequence."""
    if len(sizes) == 1 and not isinstance(sizes[0], (int, np.integer)):
        sizes = sizes[0]
    return tuple(int(n) for n in sizes)


def _wrap(dim: int, ndim: int, name: str) -> int:
    """A negative `dim` counts from the end. A 0-d tensor may be spoken of as if it had one axis, as in PyTorch."""
    ndim = builtins.max(ndim, 1)
    if not -ndim <= dim < ndim:
        raise IndexError(f"{name}: dim must lie in {-ndim}..{ndim - 1}, got {dim}.")
    return int(dim) % ndim


def _index_array(index: Any) -> Any:
    """An index with Tensors in it, with their arrays instead."""
    if isinstance(index, tuple):
        return tuple(_index_array(part) for part in index)
    if isinstance(index, list):
        array = np.asarray([int(part) if isinstance(part, Tensor) else part for part in index])
        return array if array.size else array.astype(int64)
    if isinstance(index, Tensor):
        return int(index) if index.ndim == 0 and index.dtype.kind in "iu" else index.array
    return index


def _index_steps(index: Any) -> list:
    """`index` as one or two of NumPy's, to be taken one after the other.

    Where an integer stands beside an array, NumPy reads it as an array of one, which can put the picked axes in front:
    `x[0, :, [1, 2]]` would be of shape (2, n). PyTorch takes the integers (and slices) first, then the arrays: (n, 2).
    """
    index = _index_array(index)
    if not isinstance(index, tuple) or not builtins.any(map(is_array, index)):
        return [index]
    if not builtins.any(isinstance(part, (int, np.integer)) for part in index):
        return [index]
    first: list = []
    for part in index:  # an array waits, and with it the axes that it will pick from
        waits = part.ndim if getattr(part, "dtype", None) == bool_ else 1
        first += [slice(None)] * waits if is_array(part) else [part]
    then = [part for part in index if not isinstance(part, (int, np.integer))]
    return [tuple(first), tuple(part if is_array(part) or part is Ellipsis else slice(None) for part in then)]


def _getitem_method(x: Tensor, index: Any) -> Tensor:
    for step in _index_steps(index):
        x = _getitem(x, index=step)
    return x


def _setitem(x: Tensor, index: Any, values: Any) -> None:
    if state.here.grad_enabled and (x.requires_grad or getattr(values, "requires_grad", False)):
        raise RuntimeError(
            f"setitem: assigning to part of a tensor (shape {x.shape}) that is being differentiated is not supported. "
            "Build the result with where, cat or stack, or write inside `with mg.no_grad():`."
        )
    *first, last = _index_steps(index)
    try:
        place = x.array[first[0]] if first else x.array  # integers and slices give a view
        place[last] = values.array if isinstance(values, Tensor) else values
    except (ValueError, IndexError) as error:
        kind = IndexError if isinstance(error, IndexError) else ShapeError
        raise kind(f"setitem: {error}. The tensor has shape {x.shape}, the values {np.shape(values)}.") from None
    x.edited()


def _iterate(x: Tensor):
    return (_getitem_method(x, i) for i in range(len(x)))


# -- dtype and device --------------------------------------------------------------------------------------------------


@_method
def to(
    x: Tensor, *wanted: Any, dtype: Any = None, device: Any = None, copy: bool = False, non_blocking: bool = False
) -> Tensor:
    """x in another dtype, on another device, or like another tensor; x itself if nothing changes, unless `copy`.

    non_blocking is PyTorch's and makes no difference here.
    """
    where: Device | None = None if device is None else _device(device)
    for want in wanted:
        if isinstance(want, Tensor):
            dtype, where = want.dtype, want.device
        elif isinstance(want, Device) or (isinstance(want, str) and want.partition(":")[0] in ("cpu", "cuda")):
            where = _device(want)
        elif want is not None:
            dtype = want
    dtype = x.dtype if dtype is None else np.dtype(dtype)
    where = where or x.device
    if dtype == x.dtype and where == x.device and not copy:
        return x
    return _copy(x, dtype=dtype, where=where)


_device = device


@_method
def cpu(x: Tensor) -> Tensor:
    """x in ordinary memory."""
    return to(x, device=CPU)


@_method
def cuda(x: Tensor, index: int = 0) -> Tensor:
    """x on a GPU."""
    return to(x, device=Device("cuda", index))


@_method
def float(x: Tensor) -> Tensor:
    """x as float32."""
    return to(x, float32)


@_method
def double(x: Tensor) -> Tensor:
    """x as float64."""
    return to(x, float64)


@_method
def long(x: Tensor) -> Tensor:
    """x as int64."""
    return to(x, int64)


# -- Tensor's methods and operators ------------------------------------------------------------------------------------


def _reflected(op: Callable) -> Callable:
    return lambda x, y: op(y, x)


def _give_tensor_its_methods() -> None:
    for name, op in {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow, "matmul": matmul}.items():
        METHODS[f"__{name}__"] = op
        METHODS[f"__r{name}__"] = _reflected(op)
    for name, op in {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow}.items():
        METHODS[f"{op.__name__}_"] = in_place(f"{op.__name__}_", op)
        METHODS[f"__i{name}__"] = augmented(op, METHODS[f"{op.__name__}_"])
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        METHODS[f"__{name}__"] = TABLE[name]
    METHODS.update(
        view=reshape,
        T=property(lambda x: _permute(x, axes=tuple(reversed(range(x.ndim)))), doc="All axes reversed."),
        __neg__=neg,
        __abs__=abs,
        __invert__=_invert,
        __getitem__=_getitem_method,
        __setitem__=_setitem,
        __iter__=_iterate,
        fill_=fill_,
        zero_=zero_,
        copy_=copy_,
    )
    for name, function in {**TABLE, **METHODS}.items():
        setattr(Tensor, name, function)


_give_tensor_its_methods()
