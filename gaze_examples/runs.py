"""A run: train a model on some data, and test it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import minigrad as mg
from gaze_examples.batches import loader
from gaze_examples.data import GazeData
from gaze_examples.models import MODELS
from minigrad.backend import Device
from minigrad.nn import CrossEntropyLoss, Module
from minigrad.tape import Tape
from minigrad.training import Epoch, Evaluation, History, Trainer


@dataclass(frozen=True)
class Settings:
    """What was asked for. Together with the data it decides the result, bit by bit, on one machine."""

    model: str
    epochs: int
    lr: float
    momentum: float
    weight_decay: float
    batch_size: int
    seed: int
    device: str


@dataclass(frozen=True)
class Result:
    """A trained model, how it got there, and how it does on each part of the data."""

    settings: Settings
    model: Module
    history: History
    scores: dict[str, Evaluation]
    step: Tape  # one training step, recorded before training


def train(settings: Settings, data: GazeData, on_epoch: Callable[[Epoch], None] | None = None) -> Result:
    """Train a model and test it. Ctrl-C ends the training with the best weights so far."""
    device = mg.device(settings.device)
    mg.manual_seed(settings.seed)
    model = MODELS[settings.model].make().to(device)
    optimizer = mg.optim.SGD(
        model.parameters(), lr=settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    parts = data.split.parts()
    batches = loader(parts["train"], data.labels["train"], settings.batch_size, device, shuffle_seed=settings.seed)
    held_back = loader(parts["val"], data.labels["val"], 1000, device)
    step = _one_step(model, *next(iter(loader(parts["train"], data.labels["train"], settings.batch_size, device))))
    history = Trainer(model, optimizer, on_epoch=on_epoch).fit(batches, held_back, epochs=settings.epochs)
    return Result(settings, model, history, evaluate(model, data, device), step)


def _one_step(model: Module, images: mg.Tensor, labels: mg.Tensor) -> Tape:
    """Forward and backward of one batch, kept for the report. Leaves the model as it was."""
    with Tape() as tape:
        CrossEntropyLoss()(model(images), labels).backward()
    model.zero_grad()
    return tape


def evaluate(model: Module, data: GazeData, device: Device) -> dict[str, Evaluation]:
    """How a model does on each part of the data, by the part's name."""
    trainer = Trainer(model, mg.optim.SGD(model.parameters()))
    parts = data.split.parts().items()
    return {name: trainer.evaluate(loader(eyes, data.labels[name], 1000, device)) for name, eyes in parts}
