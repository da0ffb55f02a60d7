"""`Trainer`: the training loop of a classifier."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from minigrad import random
from minigrad.autograd import no_grad
from minigrad.backend import CPU, Array, array_module, is_array, is_on_host, to_host
from minigrad.kinds import Checked, checked
from minigrad.nn import CrossEntropyLoss, Module
from minigrad.optim import Optimizer
from minigrad.optim.lr_scheduler import ReduceLROnPlateau
from minigrad.serialization import load, save
from minigrad.tensor import Tensor
from minigrad.threads import forget_company
from minigrad.training.history import Epoch, History

READ_EVERY = 50  # steps, after which losses that are on a device are read: each time the host waits for the device


@dataclass(frozen=True)
class Evaluation:
    """How a model does on some data: mean loss, accuracy (0..1), and each example's answer.

    predictions, labels: (N,) int64, in the loader's order.
    """

    loss: float
    accuracy: float
    predictions: np.ndarray
    labels: np.ndarray


class Trainer(Checked):
    """Trains `model` on batches `(inputs, labels)`.

    >>> trainer = Trainer(net, mg.optim.SGD(net.parameters(), lr=0.01, momentum=0.9))
    >>> history = trainer.fit(train_loader, val_loader, epochs=10)

    The model ends with the best weights: those of the epoch with the highest validation accuracy (without validation
    data, the lowest training loss). Ctrl-C ends the training early, with the best weights so far; in the first epoch
    these are the latest ones.

    Where the model is on a GPU, batches are sent there when their turn comes. Nobody waits for them, but data that fits
    into the GPU's memory is better moved once, before.

    scheduler: its `step()` is called after each epoch; a ReduceLROnPlateau is given the validation loss (the training
        loss where there is no validation data).
    on_epoch: called with each finished `Epoch`. What Ctrl-C does, it can do by `raise KeyboardInterrupt`.
    progress: whether to show a bar; None shows it on a terminal only.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Callable[[Tensor, Tensor], Tensor] | None = None,
        *,
        scheduler: Any = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        progress: bool | None = None,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.loss = loss or CrossEntropyLoss()
        self.scheduler = scheduler
        self.on_epoch = on_epoch
        self.progress = progress
        self._get_ready()

    def _get_ready(self) -> None:
        """For kinds of trainers that need more than this."""

    @checked
    def fit(
        self,
        train: Iterable[Any],
        val: Iterable[Any] | None = None,
        *,
        epochs: int,
        checkpoint: str | os.PathLike | None = None,
        resume: bool = False,
    ) -> History:
        """Train for `epochs` passes over `train`, looking at `val` after each.

        checkpoint: a file to which all that the training goes on from is written after each epoch: weights, optimiser,
            scheduler, random streams, history. A training that was killed and is resumed ends with the same bits as one
            that was not.
        resume: go on from the file, if it is there yet; the model, the optimiser, the scheduler and the loader must be
            made as they were then. Without it, a file that is there already is an error, so that none is lost.
        """
        history = History()
        best: tuple[Epoch, dict[str, Tensor]] | None = None  # one value, so that Ctrl-C cannot part the two
        if checkpoint is not None and self._is_there(checkpoint):
            if not resume:
                raise FileExistsError(
                    f"Trainer: the checkpoint {str(checkpoint)!r} is there already. Go on from it with resume=True, or "
                    "remove it."
                )
            best = self._load(checkpoint, train, history)
        try:
            for number in range(len(history) + 1, epochs + 1):
                epoch = self._epoch(number, epochs, train, val, history)
                if best is None or _better(epoch, best[0]):
                    best = epoch, self._copy_weights()
                history.epochs.append(epoch)
                if checkpoint is not None:
                    self._write(checkpoint, self._state(train, history, best))
                self._tell(epoch)
        except KeyboardInterrupt:
            history.interrupted = True
        if best is not None:
            history.best, weights = best
            self.model.load_state_dict(weights)
        return history

    def _tell(self, epoch: Epoch) -> None:
        if self.on_epoch is not None:
            self.on_epoch(epoch)

    def _epoch(self, number: int, epochs: int, train: Iterable, val: Iterable | None, history: History) -> Epoch:
        start = time.perf_counter()
        forget_company()  # an epoch ends with the same bits, whether it is this process's first or not
        lr = self.optimizer.param_groups[0]["lr"]
        tally = _Tally(history.batch_losses)
        self.model.train()
        for owner in (train, getattr(train, "batch_sampler", None)):
            sampler: Any = getattr(owner, "sampler", None)
            if hasattr(sampler, "set_epoch"):
                sampler.set_epoch(number)
        try:
            for loss, right, size in self._steps(self._with_bar(train, f"epoch {number}/{epochs}")):
                tally.add(loss, right, size)
        finally:
            tally.read()
        if tally.count == 0:
            raise ValueError("Trainer: the training data has no batch. Is drop_last on, and the batch too large?")
        train_loss = tally.loss_sum / tally.count
        seen = self.evaluate(val) if val is not None else None
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(seen.loss if seen else train_loss)
        elif self.scheduler is not None:
            self.scheduler.step()
        return Epoch(
            number,
            lr,
            train_loss,
            tally.right / tally.count,
            seen.loss if seen else None,
            seen.accuracy if seen else None,
            time.perf_counter() - start,
        )

    def _steps(self, batches: Iterator) -> Iterator[tuple[Any, Any, int]]:
        """Take a step on each batch: its loss, how many answers were right (numbers or 0-d arrays), and of how many."""
        for batch in batches:
            inputs, labels = self._sent(batch)
            self.optimizer.zero_grad()
            scores = self.model(inputs)
            loss = self.loss(scores, labels)
            loss.backward()
            self.optimizer.step()
            yield loss.array, hits(scores, labels), len(labels)

    def _sent(self, batch: Sequence[Any]) -> tuple[Any, Any]:
        """Its inputs and labels. What is on the host goes to the model's device."""
        where = next((parameter.device for parameter in self.model.parameters()), CPU)
        inputs, labels = (one.to(where) if isinstance(one, Tensor) and one.device == CPU else one for one in batch)
        return inputs, labels

    @checked
    def evaluate(self, data: Iterable[Any]) -> Evaluation:
        """Loss and answers of the model in evaluation mode; the mode of each module is put back afterwards."""
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        try:
            with no_grad():
                judged = self._judged(_pairs(data))
        finally:
            for module, mode in modes:
                module.training = mode
        if not judged:
            raise ValueError("Trainer.evaluate: there is no batch to evaluate on.")
        losses, predictions, truths = zip(*judged, strict=True)
        answers, labels = np.concatenate(predictions), np.concatenate(truths)
        return Evaluation(sum(losses) / len(labels), float((answers == labels).mean()), answers, labels)

    def _judged(self, data: Iterable) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """For each batch the sum of its losses, the model's answers, and the labels."""
        judged = []
        for batch in data:
            inputs, labels = self._sent(batch)
            scores = self.model(inputs)
            judged.append((self.loss(scores, labels), scores.array.argmax(axis=1), labels.array))
        # Read only now: while a device calculates, the host can prepare the next batch.
        return [(loss.item() * len(labels), to_host(answers), to_host(labels)) for loss, answers, labels in judged]

    def _is_there(self, path: str | os.PathLike) -> bool:
        return os.path.exists(path)

    def _read(self, path: str | os.PathLike) -> dict[str, Any]:
        return load(path)

    def _write(self, path: str | os.PathLike, state: dict[str, Any]) -> None:
        save(state, path)

    def _state(self, train: Iterable, history: History, best: tuple[Epoch, dict[str, Tensor]]) -> dict[str, Any]:
        """All that the training goes on from."""
        state = {name: part.state_dict() for name, part in self._parts(train, history).items()}
        return {
            "parts": state,
            "kinds": self._kinds(train),
            "random": random.get_state(),
            "best": asdict(best[0]),
            "best_weights": best[1],
        }

    def _load(self, path: str | os.PathLike, train: Iterable, history: History) -> tuple[Epoch, dict[str, Tensor]]:
        """Go on from a checkpoint: the best epoch so far and its weights. All of it fits, or nothing is changed."""
        state = self._read(path)
        if not isinstance(state, dict) or "kinds" not in state:
            raise ValueError(f"{str(path)!r} is no checkpoint of a training. Remove it, or give another path.")
        parts, before = self._parts(train, history), random.get_state()
        earlier = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
        try:
            if state["kinds"] != self._kinds(train):
                raise ValueError(f"it is of {state['kinds']}, this training of {self._kinds(train)}")
            for name, part in parts.items():
                part.load_state_dict(state["parts"][name])
            random.set_state(state["random"])
            return Epoch(**state["best"]), state["best_weights"]
        except (ValueError, LookupError, TypeError, RuntimeError) as error:
            for name, part in parts.items():
                part.load_state_dict(earlier[name])
            random.set_state(before)
            raise ValueError(f"The checkpoint {str(path)!r} is of another training: {error}") from None

    def _parts(self, train: Iterable, history: History) -> dict[str, Any]:
        """What has a state of its own."""
        named = {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler, "loader": train}
        return {"history": history} | {name: part for name, part in named.items() if hasattr(part, "state_dict")}

    def _kinds(self, train: Iterable) -> dict[str, str]:
        return {name: type(part).__name__ for name, part in self._parts(train, History()).items()}

    def _copy_weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def _with_bar(self, batches: Iterable, title: str) -> Iterator:
        from tqdm import tqdm

        disable = None if self.progress is None else not self.progress  # None: off unless on a terminal
        return _pairs(tqdm(batches, desc=title, unit="batch", leave=False, disable=disable))


def _pairs(batches: Iterable) -> Iterator[Any]:
    """The batches, each of which must be a pair."""
    for batch in batches:
        parts = len(batch) if isinstance(batch, (tuple, list)) else 0
        if parts != 2 or np.ndim(batch[1]) == 0:
            what = "a single sample" if parts == 2 else f"a {type(batch).__name__}" + f" of {parts}" * (parts > 0)
            raise TypeError(f"Trainer: a batch must be a pair (inputs, labels), as a DataLoader makes it, got {what}.")
        yield batch


class _Tally:
    """The losses and right answers of an epoch's steps. Those on a device stay there until some are together."""

    def __init__(self, batch_losses: list[float]) -> None:
        self.batch_losses = batch_losses
        self.loss_sum, self.right, self.count = 0.0, 0, 0
        self._unread: list[tuple[Any, Any, int]] = []

    def add(self, loss: Any, right: Any, size: int) -> None:
        self._unread.append((loss, right, size))
        if len(self._unread) == READ_EVERY or not _is_on_device(loss):
            self.read()

    def read(self) -> None:
        losses, rights, sizes = zip(*self._unread, strict=True) if self._unread else ((), (), ())
        steps = zip(numbers(losses), numbers(rights), sizes, strict=True)
        self._unread = []  # not before: the host has waited for the device, and Ctrl-C may have ended that
        for loss, right, size in steps:
            self.batch_losses.append(loss)
            self.loss_sum += loss * size
            self.right += right
            self.count += size


def numbers(values: Sequence[Any]) -> list[Any]:
    """Numbers and 0-d arrays as Python's numbers; from a device all at once."""
    if values and _is_on_device(values[0]):
        return to_host(array_module(values[0]).stack(values)).tolist()
    return [value.item() if hasattr(value, "item") else value for value in values]


def _is_on_device(value: Any) -> bool:
    return is_array(value) and not is_on_host(value)


def hits(scores: Tensor, labels: Tensor) -> Array:
    """How many answers are right, a 0-d array."""
    return (scores.array.argmax(axis=1) == labels.array).sum()


def _better(epoch: Epoch, best: Epoch) -> bool:
    if epoch.val_accuracy is not None and best.val_accuracy is not None:
        return epoch.val_accuracy > best.val_accuracy
    return epoch.train_loss < best.train_loss or math.isnan(best.train_loss)
