"""Arithmetic and comparison, with their operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import DtypeError, Number, ShapeError, array_module, is_array, is_float
from minigrad.functions.in_place import augmented, in_place
from minigrad.functions.table import METHODS, TABLE, lifted, public
from minigrad.ops import arithmetic
from minigrad.tensor import Tensor

add = lifted(arithmetic, "add", broadcasts=True)
sub = lifted(arithmetic, "sub", broadcasts=True)
mul = lifted(arithmetic, "mul", broadcasts=True)
div = lifted(arithmetic, "div", broadcasts=True, floats=True)
pow = lifted(arithmetic, "pow", broadcasts=True)


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
    return public(compare)


eq, ne = _comparison("eq", "equal"), _comparison("ne", "not_equal")
lt, le = _comparison("lt", "less"), _comparison("le", "less_equal")
gt, ge = _comparison("gt", "greater"), _comparison("ge", "greater_equal")


@public
def logical_not(x: Tensor) -> Tensor:
    """not x, element by element, as a bool tensor."""
    return Tensor(array_module(x.array).logical_not(x.array))


def _invert(x: Tensor) -> Tensor:
    """`~x`: not x for bools, all bits flipped for integers."""
    if is_float(x.dtype):
        raise DtypeError(f"~: only bools and integers can be inverted, got {x.dtype}. Use logical_not().")
    return Tensor(array_module(x.array).invert(x.array))


# -- operators ---------------------------------------------------------------------------------------------------------


def _reflected(op: Callable) -> Callable:
    return lambda x, y: op(y, x)


for _name, _op in {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow}.items():
    METHODS[f"__{_name}__"] = _op
    METHODS[f"__r{_name}__"] = _reflected(_op)
    METHODS[f"{_op.__name__}_"] = in_place(f"{_op.__name__}_", _op)
    METHODS[f"__i{_name}__"] = augmented(_op, METHODS[f"{_op.__name__}_"])
METHODS.update({f"__{_name}__": TABLE[_name] for _name in ("eq", "ne", "lt", "le", "gt", "ge")}, __invert__=_invert)
