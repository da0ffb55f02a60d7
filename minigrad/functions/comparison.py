"""Comparison and logic, element by element: bool tensors (integers for bits), without gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import (
    Array,
    DtypeError,
    ShapeError,
    array_module,
    common_module,
    is_array,
    is_float,
    mixed_devices,
    result_type,
)
from minigrad.functions.in_place import in_place_forms
from minigrad.functions.table import METHODS, TABLE, alias, is_operand, operand, public, same_device
from minigrad.tensor import Tensor


def _of_two(name: str, numpy_name: str, bits: bool = False) -> Callable:
    """The function `name` of a tensor and a tensor, array or number, calculated by NumPy's in their common dtype."""

    def compare(input: Tensor, other: Any) -> Tensor:
        a, b = _array(input, name), operand(other, name)
        if bits:
            _no_floats(name, a, b)
        dtype = result_type(a, b)
        a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False) if is_array(b) else b
        xp = array_module(a)
        if type(a) is not type(b) and is_array(b):  # NumPy's and CuPy's; of the first a 0-d one counts as a number
            a, b = a[()], b[()]
            xp = common_module(a, b)
        try:
            return Tensor(getattr(xp, numpy_name)(a, b))
        except TypeError as error:
            raise mixed_devices(name, [a, b]) or error from None
        except ValueError:
            raise ShapeError(f"{name}: the shapes {a.shape} and {b.shape} do not broadcast.") from None
        except OverflowError:
            raise OverflowError(f"{name}: the number {b} does not fit into {dtype}.") from None

    what = "bit by bit, of bools and integers" if bits else "element by element, as a bool tensor without gradient"
    compare.__name__ = compare.__qualname__ = name
    compare.__doc__ = f"{numpy_name.replace('_', ' ')}, {what}."
    return public(compare)


def _of_one(name: str) -> Callable:
    def ask(x: Tensor) -> Tensor:
        array = _array(x, name)
        return Tensor(getattr(array_module(array), name)(array))

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = f"{name.replace('_', ' ')}, element by element, as a bool tensor without gradient."
    return public(ask)


def _array(x: Any, name: str) -> Array:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {x!r}.")
    return x.array


def _two_tensors(name: str, x: Any, other: Any) -> None:
    if not (isinstance(x, Tensor) and isinstance(other, Tensor)):
        raise TypeError(f"{name}: expected two tensors, got {type(x).__name__} and {type(other).__name__}.")


def _no_floats(name: str, *operands: Any) -> None:
    for one in operands:
        dtype = getattr(one, "dtype", np.dtype(type(one)))
        if is_float(dtype):
            raise DtypeError(f"{name}: only bools and integers have bits, got {dtype}.")


eq, ne = _of_two("eq", "equal"), _of_two("ne", "not_equal")
lt, le = _of_two("lt", "less"), _of_two("le", "less_equal")
gt, ge = _of_two("gt", "greater"), _of_two("ge", "greater_equal")
not_equal, less, less_equal = alias("not_equal", ne), alias("less", lt), alias("less_equal", le)
greater, greater_equal = alias("greater", gt), alias("greater_equal", ge)

logical_and, logical_or = _of_two("logical_and", "logical_and"), _of_two("logical_or", "logical_or")
logical_xor, logical_not = _of_two("logical_xor", "logical_xor"), _of_one("logical_not")
isnan, isinf, isfinite = _of_one("isnan"), _of_one("isinf"), _of_one("isfinite")

bitwise_and = _of_two("bitwise_and", "bitwise_and", bits=True)
bitwise_or = _of_two("bitwise_or", "bitwise_or", bits=True)
bitwise_xor = _of_two("bitwise_xor", "bitwise_xor", bits=True)


@public
def bitwise_not(x: Tensor) -> Tensor:
    """not x for bools, all bits flipped for integers."""
    array = _array(x, "bitwise_not")
    _no_floats("bitwise_not", array)
    return Tensor(array_module(array).invert(array))


@public
def isclose(x: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """|x - other| <= atol + rtol |other|, element by element; infinities must be equal, nan is close to nothing.

    equal_nan: nan is close to nan.
    """
    _two_tensors("isclose", x, other)
    if rtol < 0 or atol < 0:
        raise ValueError(f"isclose: rtol and atol must not be negative, got {rtol} and {atol}.")
    same_device(x, other, "isclose")
    xp = array_module(x.array)
    try:
        return Tensor(xp.asarray(xp.isclose(x.array, other.array, rtol, atol, equal_nan)))
    except ValueError:
        raise ShapeError(f"isclose: the shapes {x.shape} and {other.shape} do not broadcast.") from None


@public
def allclose(x: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close to one another, as `isclose` says; a bool."""
    return bool(isclose(x, other, rtol, atol, equal_nan).array.all())


@public
def equal(x: Tensor, other: Tensor) -> bool:
    """Whether x and other have the same shape and the same elements; a bool. nan equals nothing."""
    _two_tensors("equal", x, other)
    same_device(x, other, "equal")
    return x.shape == other.shape and bool((x.array == other.array).all())


# -- operators and in-place forms --------------------------------------------------------------------------------------


def _operator(function: Callable) -> Callable:
    """The function as an operator: what it does not take may know how to take a tensor."""
    return lambda x, y: function(x, y) if is_operand(y) else NotImplemented


in_place_forms("""
    eq ne lt le gt ge not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not
    bitwise_and bitwise_or bitwise_xor bitwise_not
""")
METHODS.update({f"__{_name}__": _operator(TABLE[_name]) for _name in ("eq", "ne", "lt", "le", "gt", "ge")})
METHODS["__invert__"] = bitwise_not
for _name in ("and", "or", "xor"):
    METHODS[f"__{_name}__"] = METHODS[f"__r{_name}__"] = _operator(TABLE[f"bitwise_{_name}"])  # in either order
    METHODS[f"__i{_name}__"] = METHODS[f"bitwise_{_name}_"]
