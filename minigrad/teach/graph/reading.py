"""What is to be drawn: the rows behind tensors, or those of one run of a module."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

from minigrad.autograd import enable_grad
from minigrad.nn.module import Module
from minigrad.tape import Tape
from minigrad.teach.names import Scope
from minigrad.teach.rows import Row, read
from minigrad.teach.untouched import tensors_in, untouched
from minigrad.tensor import Tensor, as_array


def rows_of_tensors(ends: Sequence[Tensor], scopes: Iterable[Scope]) -> list[Row]:
    """The rows behind tensors. Raises ValueError for one that no op has made, or that was not recorded."""
    _check_has_graph(ends)
    return read(ends, scopes)


def rows_of_module(module: Module, inputs: tuple, scopes: Iterable[Scope]) -> tuple[list[Row], dict[str, str]]:
    """The rows of one run of a module on copies of its inputs, and the classes of the modules in it."""
    if not inputs:
        raise TypeError(
            f"graph: a Module is drawn by running it once: mg.graph({type(module).__name__.lower()}, x), with an "
            "example of what it takes."
        )
    copies = [_as_input(given) for given in inputs]
    for name, given in _named(module, copies):
        given.name = name
    with untouched(module), enable_grad(), Tape():
        results = tensors_in(module(*copies))
    _check_has_graph(results)
    for i, result in enumerate(results):
        result.name = "output" if len(results) == 1 else f"output {i}"
    rows = read(results, scopes)
    root = module._name or type(module).__name__
    own = {tensor.node: f"{root}.{name}" for name, tensor in [*module.named_parameters(), *module.named_buffers()]}
    given_nodes = {given.node for given in tensors_in(copies)}
    for row in rows:
        if row.node in given_nodes:
            row.kind = "input"
        if row.node in own:  # a list of the user's may hold it, too
            row.outputs[0].name, row.outputs[0].held = own[row.node], True
    kinds = {f"{root}.{path}" if path else root: type(inner).__name__ for path, inner in module.named_modules()}
    return rows, kinds


def _as_input(given: Any) -> Any:
    """A copy of what a module is given that is recorded from the start, even if the first layers are frozen."""
    if isinstance(given, (tuple, list)):
        return type(given)(map(_as_input, given))
    if not isinstance(given, Tensor):
        return given
    copy = Tensor(as_array(given).copy())
    return copy.requires_grad_() if copy.is_floating_point() else copy


def _named(module: Module, inputs: Sequence[Any]) -> list[tuple[str, Tensor]]:
    """The tensors that a module is given, by the names that its forward has for them."""
    try:
        bound = inspect.signature(module.forward).bind(*inputs).arguments
    except (TypeError, ValueError):  # it will say so itself
        bound = {"x": inputs}
    pairs = []
    for name, value in bound.items():
        tensors = tensors_in(value)
        pairs += [(name if len(tensors) == 1 else f"{name}[{i}]", tensor) for i, tensor in enumerate(tensors)]
    return pairs


def _check_has_graph(ends: Sequence[Tensor]) -> None:
    for end in ends:
        if end.record is None:
            what = "it is a leaf, which no op has made" if end.requires_grad else (
                "nothing it was computed from requires grad, or it was computed under no_grad()"
            )  # fmt: skip
            raise ValueError(f"graph: this tensor (shape {end.shape}) has no graph: {what}.")
