"""`grad` and `backward`: gradients of several results, handed out or added to the leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad import tape
from minigrad.backend import ShapeError, array_module
from minigrad.tensor import Tensor, accumulate_at, node_with_graph, refuse_create_graph, upstream_of

Tensors = Tensor | Sequence[Tensor]
Upstream = Tensor | Sequence[Tensor | None] | None


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Upstream = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """d(Σ outputs)/d(input) for each of `inputs`, as a tuple. No `.grad` is touched.

    outputs: a tensor or several. inputs: leaves or intermediate results. The walk goes only where it leads to one.
    grad_outputs: an upstream gradient for each output, of its shape; None for a scalar means 1.
    retain_graph: keep what the ops saved, so that another walk can follow.
    allow_unused: give None for an input that the outputs do not depend on (else an error); with `materialize_grads`
        zeros.
    """
    refuse_create_graph(create_graph, "grad")
    targets = _several(inputs, "inputs")
    ends = _ends(outputs, grad_outputs, "grad")
    for i, target in enumerate(targets):
        if not target.requires_grad:
            raise RuntimeError(f"grad: input {i} (shape {target.shape}) does not require grad.")
    gradients = tape.walk_back(ends, wanted=[target.node for target in targets], retain_graph=bool(retain_graph))
    unused = [i for i, gradient in enumerate(gradients) if gradient is None]
    if unused and not (allow_unused or materialize_grads):
        raise RuntimeError(
            f"grad: the outputs do not depend on input {unused[0]} (shape {targets[unused[0]].shape}). "
            "With allow_unused=True its gradient is None, with materialize_grads=True it is zeros."
        )
    return tuple(
        Tensor(gradient)
        if gradient is not None
        else Tensor(array_module(target.array).zeros_like(target.array))
        if materialize_grads
        else None
        for target, gradient in zip(targets, gradients, strict=True)
    )


def backward(
    tensors: Tensors,
    grad_tensors: Upstream = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """`tensor.backward(gradient)` for several tensors in one walk: each record is visited once."""
    refuse_create_graph(create_graph, "backward")
    ends = _ends(tensors, grad_tensors, "backward")
    if inputs is None:
        tape.walk_back(ends, retain_graph=bool(retain_graph))
    else:
        accumulate_at(ends, _several(inputs, "inputs"), bool(retain_graph))


def _ends(outputs: Tensors, upstream: Upstream, name: str) -> list[tuple[Any, Any]]:
    """Where the walk starts, and with which gradients."""
    tensors = _several(outputs, "outputs")
    gradients = [None] * len(tensors) if upstream is None else _several(upstream, "upstream gradients", or_none=True)
    if len(gradients) != len(tensors):
        raise ShapeError(
            f"{name}: expected one upstream gradient for each of {len(tensors)} outputs, got {len(gradients)}."
        )
    return [
        (node_with_graph(tensor, name), upstream_of(tensor, gradient, name))
        for tensor, gradient in zip(tensors, gradients, strict=True)
    ]


def _several(tensors: Any, what: str, or_none: bool = False) -> list[Any]:
    listed = [tensors] if isinstance(tensors, Tensor) or not isinstance(tensors, Iterable) else list(tensors)
    for tensor in listed:
        if not (isinstance(tensor, Tensor) or (or_none and tensor is None)):
            raise TypeError(f"autograd: {what} must be Tensors, got {type(tensor).__name__}.")
    return listed
