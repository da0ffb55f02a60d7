"""Functions of one tensor, element by element."""

from __future__ import annotations

from minigrad.functions.table import METHODS, lifted
from minigrad.ops import elementwise

neg = lifted(elementwise, "neg")
abs = lifted(elementwise, "abs")
sign = lifted(elementwise, "sign")
square = lifted(elementwise, "square")
exp = lifted(elementwise, "exp", floats=True)
expm1 = lifted(elementwise, "expm1", floats=True)
log = lifted(elementwise, "log", floats=True)
log1p = lifted(elementwise, "log1p", floats=True)
sqrt = lifted(elementwise, "sqrt", floats=True)
rsqrt = lifted(elementwise, "rsqrt", floats=True)
reciprocal = lifted(elementwise, "reciprocal", floats=True)
sin = lifted(elementwise, "sin", floats=True)
cos = lifted(elementwise, "cos", floats=True)
tanh = lifted(elementwise, "tanh", floats=True)
sigmoid = lifted(elementwise, "sigmoid", floats=True)
relu = lifted(elementwise, "relu")

METHODS.update(__neg__=neg, __abs__=abs)
