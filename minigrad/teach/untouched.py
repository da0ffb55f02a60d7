"""Running a network once to look at it, and leaving everything as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from minigrad import random
from minigrad.nn.module import Module
from minigrad.tape import state
from minigrad.tensor import Tensor


@contextmanager
def untouched(model: Module) -> Iterator[None]:
    """Afterwards the buffers of `model` and the random stream are what they were before, and no tape has noticed."""
    stream = random.generator().bit_generator
    drawn = stream.state
    buffers = [(module, dict(module._buffers)) for module in model.modules()]
    values = [(buffer, buffer.array.copy()) for buffer in model.buffers()]
    here, tapes = state.here, state.here.tapes
    here.tapes = []
    try:
        yield
    finally:
        here.tapes = tapes
        stream.state = drawn
        for module, own in buffers:
            module._buffers.update(own)
        for buffer, value in values:
            buffer.array[...] = value


def tensors_in(result: Any) -> list[Tensor]:
    """The Tensors that a network returned or was given: one, or tuples, lists and dicts of them."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, Mapping):
        result = list(result.values())
    return [tensor for part in result for tensor in tensors_in(part)] if isinstance(result, (tuple, list)) else []
