"""Products of matrices and vectors."""

from __future__ import annotations

from minigrad.functions.table import METHODS, lifted
from minigrad.ops import linear

matmul = lifted(linear, "matmul", broadcasts=True)

METHODS.update(__matmul__=matmul, __rmatmul__=lambda x, y: matmul(y, x))
