"""Functions of one tensor, element by element."""

from __future__ import annotations

from minigrad.backend import DtypeError, bool_
from minigrad.functions.in_place import in_place_forms
from minigrad.functions.table import METHODS, alias, lifted, public
from minigrad.lift import differentiable
from minigrad.ops import elementwise
from minigrad.tensor import Tensor

_neg = differentiable(elementwise.neg_forward, elementwise.neg_backward)
_abs = differentiable(elementwise.abs_forward, elementwise.abs_backward)
_round = differentiable(elementwise.round_forward, elementwise.round_backward)


@public
def neg(input: Tensor) -> Tensor:
    """-input."""
    return _neg(_number(input, "neg"))


@public
def abs(input: Tensor) -> Tensor:
    """|input|."""
    return _abs(_number(input, "abs"))


@public
def positive(input: Tensor) -> Tensor:
    """input itself, as `+input` says."""
    return _number(input, "positive")


@public
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """input rounded to `decimals` places, halves to the even neighbour."""
    return _round(input, decimals=decimals)


def _number(x: Tensor, name: str) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {x!r}.")
    if x.dtype == bool_:
        raise DtypeError(f"{name}: a bool tensor has no sign, got bool {x.shape}. Invert a mask with ~x.")
    return x


sign = lifted(elementwise, "sign")
square = lifted(elementwise, "square")
exp = lifted(elementwise, "exp", floats=True)
expm1 = lifted(elementwise, "expm1", floats=True)
exp2 = lifted(elementwise, "exp2", floats=True)
log = lifted(elementwise, "log", floats=True)
log1p = lifted(elementwise, "log1p", floats=True)
log2 = lifted(elementwise, "log2", floats=True)
log10 = lifted(elementwise, "log10", floats=True)
sqrt = lifted(elementwise, "sqrt", floats=True)
rsqrt = lifted(elementwise, "rsqrt", floats=True)
reciprocal = lifted(elementwise, "reciprocal", floats=True)
sin = lifted(elementwise, "sin", floats=True)
cos = lifted(elementwise, "cos", floats=True)
tan = lifted(elementwise, "tan", floats=True)
asin = lifted(elementwise, "asin", floats=True)
acos = lifted(elementwise, "acos", floats=True)
atan = lifted(elementwise, "atan", floats=True)
sinh = lifted(elementwise, "sinh", floats=True)
cosh = lifted(elementwise, "cosh", floats=True)
tanh = lifted(elementwise, "tanh", floats=True)
asinh = lifted(elementwise, "asinh", floats=True)
acosh = lifted(elementwise, "acosh", floats=True)
atanh = lifted(elementwise, "atanh", floats=True)
sigmoid = lifted(elementwise, "sigmoid", floats=True)
erf = lifted(elementwise, "erf", floats=True)
floor = lifted(elementwise, "floor")
ceil = lifted(elementwise, "ceil")
trunc = lifted(elementwise, "trunc")
frac = lifted(elementwise, "frac")
relu = lifted(elementwise, "relu")

negative = alias("negative", neg)
absolute = alias("absolute", abs)

METHODS.update(__neg__=neg, __pos__=positive, __abs__=abs)
in_place_forms("""
    neg abs sign square exp expm1 exp2 log log1p log2 log10 sqrt rsqrt reciprocal sin cos tan asin acos atan sinh cosh
    tanh asinh acosh atanh sigmoid erf floor ceil trunc frac round relu negative absolute
""")
