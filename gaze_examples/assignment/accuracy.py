"""`check_accuracy`: how many of the images a model puts into the right quadrant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.nn import Module


def check_accuracy(model: Any, dataloader: Iterable, model_forward: str = "loss") -> float:
    """The accuracy of a model in per cent.

    model: with "loss", has `loss(inputs) -> scores (N, C)` on arrays; with "forward", a minigrad Module, which gets
        Tensors (N, 1, 36, 120) and runs in evaluation mode, without gradients. Afterwards it and every module in it is
        in the mode it was in.
    dataloader: gives pairs of inputs (N, 36, 120) and labels (N,), as arrays or Tensors.

    Raises TypeError for a model that does not fit model_forward, ValueError if there is nothing to check.
    """
    if model_forward == "loss":
        if not callable(getattr(model, "loss", None)):
            raise TypeError(
                f"check_accuracy: {type(model).__name__} has no method loss(inputs); for a minigrad Module give "
                'model_forward="forward".'
            )
        correct, total = _count(model.loss, dataloader)
    elif model_forward == "forward":
        if not isinstance(model, Module):
            raise TypeError(
                'check_accuracy: model_forward="forward" expects a minigrad Module, got '
                f"{type(model).__module__}.{type(model).__name__}."
            )
        with _evaluating(model), mg.no_grad():
            correct, total = _count(lambda inputs: model(_images(inputs, model)).cpu(), dataloader)
    else:
        raise ValueError(f'check_accuracy: model_forward must be "loss" or "forward", got {model_forward!r}.')
    if total == 0:
        raise ValueError("check_accuracy: the data loader gave no examples; a generator is used up after one pass.")
    return 100.0 * correct / total


def _count(scores_of: Callable, dataloader: Iterable) -> tuple[int, int]:
    """How many examples get their highest score for their label, and how many there are."""
    correct = total = 0
    for inputs, labels in dataloader:
        predicted = np.argmax(np.asarray(scores_of(inputs)), axis=1)
        correct += int(np.sum(predicted == np.asarray(labels)))
        total += len(predicted)
    return correct, total


def _images(inputs: Any, model: Module) -> mg.Tensor:
    """(N, 36, 120) as a Tensor (N, 1, 36, 120), in the dtype and on the device of the model's parameters."""
    images = mg.as_tensor(inputs)
    images = images.unsqueeze(1) if images.ndim == 3 else images
    parameter = next(model.parameters(), None)
    return images.float() if parameter is None else images.to(dtype=parameter.dtype, device=parameter.device)


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]  # one a module: a frozen layer may be in its own
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
