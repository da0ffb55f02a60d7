"""A run: train a model on some data, and test it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import minigrad as mg
from gaze_examples.augmentation import Augmentation
from gaze_examples.batches import loader
from gaze_examples.data import GazeData
from gaze_examples.models import MODELS
from minigrad import distributed, random
from minigrad.backend import Device, cupy_with_a_gpu
from minigrad.nn import CrossEntropyLoss, Module
from minigrad.optim.lr_scheduler import CosineAnnealingLR
from minigrad.tape import Tape
from minigrad.training import DataParallelTrainer, Epoch, Evaluation, History, Trainer


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
    schedule: str = "constant"
    augment: bool = False
    start: str = ""  # the run whose weights it starts from; "" for fresh weights


@dataclass(frozen=True)
class Result:
    """A trained model, how it got there, and how it does on each part of the data."""

    settings: Settings
    model: Module
    history: History
    scores: dict[str, Evaluation]
    step: Tape  # one training step, recorded before training


def settings_of(name: str, seed: int, device: str, **chosen: Any) -> Settings:
    """The settings of a model's recipe, but for those that were chosen (and are not None)."""
    recipe = MODELS[name]
    settings = {field.name: getattr(recipe, field.name) for field in fields(Settings) if hasattr(recipe, field.name)}
    settings |= {field: value for field, value in chosen.items() if value is not None}
    return Settings(model=name, seed=seed, device=device, **settings)


def work_on(device: str | None) -> Device:
    """The device of a name (None is the CPU). If it is a GPU, it is the current one from now on."""
    where = mg.device(device)
    if where.type == "cuda":
        cupy_with_a_gpu(f"device {device}", where.index or 0)
        mg.cuda.set_device(where)
    return where


def train(
    settings: Settings,
    data: GazeData,
    on_epoch: Callable[[Epoch], None] | None = None,
    checkpoint: Path | None = None,
    start: Path | None = None,
    parallel: bool = False,
) -> Result:
    """Train a model and test it. Ctrl-C ends the training with the best weights so far.

    start: a file with the weights to start from; fresh ones if None.
    checkpoint: written after each epoch; if it is there, the training goes on from it.
    parallel: share each batch among the ranks of the process group. Rank 0 reads, writes and tests: the others need no
        `start` and have no scores.
    """
    device = distributed.own_gpu() if parallel and settings.device == "cuda" else work_on(settings.device)
    mg.manual_seed(settings.seed)
    model = MODELS[settings.model].make()
    if start is not None:
        model.load_state_dict(mg.load(start))
    model.to(device)
    optimizer = mg.optim.SGD(
        model.parameters(), lr=settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    cosine = CosineAnnealingLR(optimizer, settings.epochs) if settings.schedule == "cosine" else None
    parts = data.split.parts()
    batches = loader(
        parts["train"], data.labels["train"], settings.batch_size, device, shuffle_seed=settings.seed,
        augment=Augmentation() if settings.augment else None,
        share=(distributed.get_world_size(), distributed.get_rank()) if parallel else (1, 0),
    )  # fmt: skip
    held_back = loader(parts["val"], data.labels["val"], 1000, device)
    step = _one_step(model, *next(iter(loader(parts["train"], data.labels["train"], settings.batch_size, device))))
    trainer = (DataParallelTrainer if parallel else Trainer)(model, optimizer, scheduler=cosine, on_epoch=on_epoch)
    history = trainer.fit(batches, held_back, epochs=settings.epochs, checkpoint=checkpoint, resume=True)
    is_first = not parallel or distributed.get_rank() == 0
    return Result(settings, model, history, evaluate(model, data, device) if is_first else {}, step)


def _one_step(model: Module, images: mg.Tensor, labels: mg.Tensor) -> Tape:
    """Forward and backward of one batch, kept for the report. Leaves the model and the random stream as they were."""
    before, stream = {name: value.clone() for name, value in model.state_dict().items()}, random.get_state()
    with Tape() as tape:
        CrossEntropyLoss()(model(images), labels).backward()
    model.zero_grad()
    model.load_state_dict(before)  # batch-norm has seen the batch
    random.set_state(stream)
    return tape


def evaluate(model: Module, data: GazeData, device: Device) -> dict[str, Evaluation]:
    """How a model does on each part of the data, by the part's name."""
    trainer = Trainer(model, mg.optim.SGD(model.parameters()))
    parts = data.split.parts().items()
    return {name: trainer.evaluate(loader(eyes, data.labels[name], 1000, device)) for name, eyes in parts}
