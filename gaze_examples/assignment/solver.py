"""`Solver` (task 1.7): trains a network of this package batch by batch, and keeps track of how it goes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gaze_examples.assignment.accuracy import check_accuracy
from gaze_examples.assignment.data import Batch, Data
from gaze_examples.assignment.update_rules import SETTINGS, Config, UpdateRule, named
from gaze_examples.data import GazeData


class Model(Protocol):
    """What a Solver can train: parameters by name, and `loss(X) -> scores`, `loss(X, y) -> loss, grads`."""

    params: dict[str, np.ndarray]

    def loss(self, X: Any, y: Any = None) -> Any: ...


class Solver:
    """Stochastic training of a network.

    model: has `params` and `loss`, as TwoLayerNet does.
    update_rule: "sgd", "sgd_momentum", or a function rule(w, dw, config) -> (next_w, config).
    optim_config: the rule's settings, such as {"learning_rate": 1e-3}. Every parameter gets a copy of its own. A
        setting that the rule does not read is a warning, not an error.
    lr_decay: the learning rate is multiplied by it after every epoch.
    num_epochs, batch_size, dataset_directory: how often to go through which `Data`, in batches of which size.
    print_every, verbose: print the loss of each print_every-th batch, and after each epoch the accuracies; or nothing.
    num_train_samples, num_val_samples: measure the accuracies on that many images only; None for all.

    After `train()`:

    loss_history: the loss of every batch.
    train_acc_history, val_acc_history: accuracies in per cent, after every epoch.
    best_val_acc, best_params: the highest of the validation accuracies, and a copy of the parameters that had it. The
        model itself keeps its last ones: `model.params.update(solver.best_params)` gives it the best.
    """

    def __init__(
        self,
        model: Model,
        update_rule: str | UpdateRule = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        num_epochs: int = 10,
        batch_size: int = 100,
        print_every: int = 10,
        dataset_directory: str | Path | GazeData = "./datasets/MPIIFaceGaze/",
        verbose: bool = True,
        *,
        num_train_samples: int | None = None,
        num_val_samples: int | None = None,
    ) -> None:
        if print_every < 1:
            raise ValueError(f"Solver: print_every must be at least 1, got {print_every} (verbose=False is silent).")
        if not (isinstance(update_rule, str) or callable(update_rule)):
            raise TypeError(f"Solver: update_rule must be a name or a function, got {type(update_rule).__name__}.")
        self.model = model
        self.update_rule = named(update_rule) if isinstance(update_rule, str) else update_rule
        self.optim_config = dict(optim_config or {})
        self.lr_decay = lr_decay
        self.num_epochs = num_epochs
        self.batch_size = batch_size
        self.print_every = print_every
        self.dataset_directory = dataset_directory
        self.verbose = verbose
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.data = Data(batch_size, dataset_directory)
        self.optim_configs: dict[str, Config] = {name: copy.deepcopy(self.optim_config) for name in model.params}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        self.best_val_acc = -np.inf
        self.best_params: dict[str, np.ndarray] = {}
        self._warn_of_unread_settings()

    def train(self) -> None:
        """Go through the training part num_epochs times; called again, as often once more."""
        for epoch in range(self.num_epochs):
            for batch, (inputs, labels) in enumerate(self.data.load_train()):
                loss = self._step(inputs, labels)
                if self.verbose and batch % self.print_every == 0:
                    print(f"(Epoch {epoch} Batch {batch + 1}) loss: {loss:f}")
            self._decay()
            self._measure()
            if self.verbose:
                train, val = self.train_acc_history[-1], self.val_acc_history[-1]
                print(f"(Epoch {epoch} / {self.num_epochs}) train acc: {train:f}; val_acc: {val:f}")

    def _step(self, inputs: np.ndarray, labels: np.ndarray) -> float:
        """One update of every parameter; returns the batch's loss before it."""
        loss, grads = self.model.loss(inputs, labels)
        self.loss_history.append(loss)
        for name, w in self.model.params.items():
            self.model.params[name], self.optim_configs[name] = self.update_rule(
                w, grads[name], self.optim_configs[name]
            )
        return loss

    def _decay(self) -> None:
        if self.lr_decay == 1:
            return
        for config in self.optim_configs.values():
            if "learning_rate" not in config:
                raise ValueError(
                    f"Solver: lr_decay={self.lr_decay} needs a learning_rate to multiply, but the update rule's config "
                    f"has only {', '.join(config) or 'nothing'}; give one in optim_config."
                )
            config["learning_rate"] *= self.lr_decay

    def _measure(self) -> None:
        """Note the accuracies, and keep the parameters if they are the best so far."""
        train_acc = check_accuracy(self.model, _first(self.data.load_train(), self.num_train_samples))
        val_acc = check_accuracy(self.model, _first(self.data.load_val(), self.num_val_samples))
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        if val_acc > self.best_val_acc:
            self.best_val_acc = val_acc
            self.best_params = {name: w.copy() for name, w in self.model.params.items()}

    def _warn_of_unread_settings(self) -> None:
        for rule, known in SETTINGS.items():  # of somebody's own rule, nobody here knows what it reads
            unread = [name for name in self.optim_config if name not in known]
            if rule is self.update_rule and unread:
                hint = " To decay the learning rate, give lr_decay to Solver itself." if "lr_decay" in unread else ""
                warnings.warn(
                    f"The update rule {rule.__name__} does not read {', '.join(unread)} in optim_config, so it has no "
                    f"effect.{hint}",
                    stacklevel=3,
                )


def _first(batches: Iterable[Batch], count: int | None) -> Iterator[Batch]:
    """The first `count` examples of `batches`; None for all."""
    for inputs, labels in batches:
        yield inputs[:count], labels[:count]
        if count is not None:
            count -= len(labels)
            if count <= 0:
                return
