"""Arithmetic of several tensors, with its operators.

The operators are the bare lifted ops; the named functions take PyTorch's further arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import DtypeError, array_module, bool_, device_of, is_float, is_on_host, result_type, to_device
from minigrad.functions.in_place import augmented, in_place_forms
from minigrad.functions.table import METHODS, alias, lifted, operand, public
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import arithmetic
from minigrad.tensor import Tensor, as_array

_add = differentiable(arithmetic.add_forward, arithmetic.add_backward, broadcasts=True)
_sub = differentiable(arithmetic.sub_forward, arithmetic.sub_backward, broadcasts=True)
_div = differentiable(
    arithmetic.div_forward, arithmetic.div_backward, words=("input", "other"), broadcasts=True, floats=True
)
_clamp = differentiable(arithmetic.clamp_forward, arithmetic.clamp_backward, broadcasts=True)
_where = differentiable(arithmetic.where_forward, arithmetic.where_backward, broadcasts=True)


def _rounded(forward: Callable, backward: Callable, name: str, rounding: str) -> Callable:
    """An op of the rounded quotient."""
    op = differentiable(forward, backward, name=name, broadcasts=True)

    def function(x: Tensor, y: Any) -> Tensor:
        if isinstance(x, Tensor) or isinstance(y, Tensor):
            _refuse_integers(x, y, name)
        return op(x, y, rounding=rounding)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = forward.__doc__
    return function


def _refuse_integers(x: Any, y: Any, name: str) -> None:
    """Raise where a quotient of integers is not a number, and of bools not a bool.

    A GPU is not asked whether it divides by 0, since the host would wait: there the quotient is 0.
    """
    dividend, divisor = as_array(operand(x, name)).dtype.kind, as_array(operand(y, name)).dtype.kind
    if dividend == divisor == "b":
        raise DtypeError(f"{name}: bools cannot be divided. Convert them: x.long().")
    if dividend in "iub" and divisor in "iub" and is_on_host(as_array(y)) and not as_array(y).all():
        raise RuntimeError(f"{name}: integer division by zero (a float would give inf or nan).")


_quotient = arithmetic.rounded_div_forward, arithmetic.rounded_div_backward
_rest = arithmetic.remainder_forward, arithmetic.remainder_backward
_div_rounded = {rounding: _rounded(*_quotient, "div", rounding) for rounding in ("floor", "trunc")}
_floor_divide, _remainder = _rounded(*_quotient, "floor_divide", "floor"), _rounded(*_rest, "remainder", "floor")
floor_divide, remainder = public(_floor_divide), public(_remainder)
fmod = public(_rounded(*_rest, "fmod", "trunc"))


@public
@of_tensors
def add(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """input + alpha * other."""
    return _add(input, other if alpha == 1 else _scaled(input, other, alpha, "add"))


@public
@of_tensors
def sub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """input - alpha * other."""
    return _sub(input, other if alpha == 1 else _scaled(input, other, alpha, "sub"))


def _scaled(x: Any, y: Any, factor: float, name: str) -> Any:
    """factor * y, in the dtype that x + y has."""
    dtype = result_type(operand(x, name), operand(y, name))
    if not isinstance(factor, int) and not is_float(dtype):
        raise DtypeError(f"{name}: an integer result ({dtype}) takes an integer factor, got {factor!r}.")
    return (y.to(dtype) * factor).to(dtype) if isinstance(y, Tensor) else y * factor


mul = lifted(arithmetic, "mul", broadcasts=True)


@public
def div(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other; with `rounding_mode` "floor" rounded down, with "trunc" towards 0."""
    if rounding_mode is None:
        return _div(input, other)
    if not isinstance(rounding_mode, str) or rounding_mode not in _div_rounded:
        raise ValueError(f"div: rounding_mode must be None, 'floor' or 'trunc', got {rounding_mode!r}.")
    return _div_rounded[rounding_mode](input, other)


pow = lifted(arithmetic, "pow", words=("input", "exponent"), broadcasts=True)
maximum = lifted(arithmetic, "maximum", broadcasts=True)
minimum = lifted(arithmetic, "minimum", broadcasts=True)
atan2 = lifted(arithmetic, "atan2", broadcasts=True, floats=True)
logaddexp = lifted(arithmetic, "logaddexp", broadcasts=True, floats=True)

subtract, multiply = alias("subtract", sub), alias("multiply", mul)
divide, true_divide = alias("divide", div), alias("true_divide", _div)


@public
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input brought into min..max, each a number, a tensor, or None for no bound."""
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max must be given.")
    return _clamp(input, min, max)


@public
@of_tensors
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """`clamp` with a lower bound only."""
    return clamp(input, min)


@public
@of_tensors
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """`clamp` with an upper bound only."""
    return clamp(input, None, max)


clip = alias("clip", clamp)


@public
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where `condition`, a bool tensor, holds, else other; with `condition` alone the indices where it holds."""
    array = as_array(operand(condition, "where"))
    if input is None and other is None:
        return tuple(Tensor(places) for places in array_module(array).nonzero(array_module(array).atleast_1d(array)))
    if array.dtype != bool_:
        raise DtypeError(f"where: the condition must be a bool tensor, got {array.dtype} {array.shape}.")
    operand(input, "where"), operand(other, "where")
    if not (isinstance(input, Tensor) or isinstance(other, Tensor)):
        input = Tensor(to_device(as_array(input), device_of(array)))
    return _where(input, other, condition=array)


def _where_method(x: Tensor, condition: Tensor, y: Any) -> Tensor:
    """x where `condition` holds, else y."""
    return where(condition, x, y)


METHODS["where"] = _where_method


@public
def lerp(x: Tensor, end: Tensor, weight: Any) -> Tensor:
    """From x (weight 0) to `end` (weight 1) on a straight line: x + weight * (end - x)."""
    return x + (end - x) * weight


@public
def addcmul(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x + value * tensor1 * tensor2."""
    return _add(x, _scaled(x, tensor1 * tensor2, value, "addcmul"))


@public
def addcdiv(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """x + value * tensor1 / tensor2."""
    return _add(x, _scaled(x, tensor1 / tensor2, value, "addcdiv"))


# -- operators and in-place forms --------------------------------------------------------------------------------------


def _reflected(op: Callable) -> Callable:
    return lambda x, y: op(y, x)


in_place_forms("""
    add sub mul div pow floor_divide remainder fmod atan2 clamp clamp_min clamp_max clip lerp addcmul addcdiv
    subtract multiply divide true_divide
""")
_OPERATORS = {
    "add": (_add, "add_"),
    "sub": (_sub, "sub_"),
    "mul": (mul, "mul_"),
    "truediv": (_div, "div_"),
    "floordiv": (_floor_divide, "floor_divide_"),
    "mod": (_remainder, "remainder_"),
    "pow": (pow, "pow_"),
}
for _name, (_op, _form) in _OPERATORS.items():
    METHODS[f"__{_name}__"] = _op
    METHODS[f"__r{_name}__"] = _reflected(_op)
    METHODS[f"__i{_name}__"] = augmented(_op, METHODS[_form])
