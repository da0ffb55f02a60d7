"""`mg.explain("conv2d")`: an op's formula, the derivation of its gradients, its code, and a checked example."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import is_array, to_host
from minigrad.lift import Op
from minigrad.nn import Module
from minigrad.teach.explain.example import Example
from minigrad.teach.explain.explanation import Explanation, Gradient, Step
from minigrad.teach.explain.families import ALL, FAMILIES
from minigrad.teach.explain.inputs import Inputs
from minigrad.teach.explain.lookup import UnknownOp, explanation_of
from minigrad.teach.explain.report import Explained, explained
from minigrad.tensor import Tensor

__all__ = [
    "ALL",
    "FAMILIES",
    "Example",
    "Explained",
    "Explanation",
    "Gradient",
    "Step",
    "UnknownOp",
    "explain",
    "explanation_of",
]


def explain(op: Any, *args: Any, **settings: Any) -> Explained:
    """Explain an op: print what this returns, let a notebook show it, or write it with `to_html(path)`.

    op: its name ("conv2d", "relu"), a function (mg.relu, F.conv2d), a module or its class (nn.Linear), the op of a
        record (record.op), or one made with `mg.differentiable`. The last has no formula here; its code is shown.
    args, settings: what to work the example on, arguments of the op's pair. None: small numbers of our own, and no
        example for an op of yours.
    Raises UnknownOp, a KeyError, for what is no op, with the names that are close.

    >>> print(mg.explain("mul"))  # doctest: +SKIP
    """
    inputs = Inputs(tuple(map(_double, args)), settings) if args else None
    if isinstance(op, str):
        return explained(explanation_of(op), inputs)
    lifted = op if isinstance(op, Op) else getattr(op, "op", None)
    if isinstance(lifted, Op):
        if lifted.is_ours:
            return explained(explanation_of(lifted), inputs)
        forward = getattr(lifted.forward, "__wrapped__", lifted.forward)
        return Explained(lifted.name, forward, lifted.backward, None, inputs)
    if isinstance(op, Module):
        op = type(op)
    name = getattr(op, "__name__", None)
    if name is None:
        raise TypeError(f"explain: expected the name of an op, a function or a module, got {op!r}.")
    return explained(explanation_of(name), inputs)


def _double(argument: Any) -> Any:
    """An argument as the example needs it: on the host, and in float64, where differences have digits to spare."""
    if isinstance(argument, (list, tuple)):
        return [_double(member) for member in argument]
    array = argument.array if isinstance(argument, Tensor) else argument
    if not is_array(array):
        return argument
    array = to_host(array)
    return array.astype(np.float64) if array.dtype.kind == "f" else array
