"""What happened in training: one row an epoch, one loss a batch."""

from __future__ import annotations

import csv
import os
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One pass over the training data. Losses are means over examples, accuracies shares in 0..1.

    The training numbers are averages over the epoch, while the weights were changing; the validation numbers (None
    without validation data) are those of the weights at its end.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    seconds: float


@dataclass
class History:
    """What a training run leaves behind.

    epochs: a row for each finished epoch.
    batch_losses: the loss of every batch.
    best: the row whose weights were kept; None if no epoch was finished.
    interrupted: whether Ctrl-C ended the training.
    """

    epochs: list[Epoch] = field(default_factory=list)
    batch_losses: list[float] = field(default_factory=list)
    best: Epoch | None = None
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.epochs)

    def column(self, name: str) -> list:
        """One number of every epoch, such as `column("val_accuracy")`."""
        return [getattr(epoch, name) for epoch in self.epochs]

    def state_dict(self) -> dict[str, Any]:
        """All of it as plain numbers."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs], "batch_losses": self.batch_losses}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict()`."""
        self.epochs = [Epoch(**epoch) for epoch in state_dict["epochs"]]
        self.batch_losses = list(state_dict["batch_losses"])

    def to_csv(self, path: str | os.PathLike) -> None:
        """The rows as a CSV file; an empty cell where there was no validation."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [f.name for f in fields(Epoch)])
            writer.writeheader()
            writer.writerows(asdict(epoch) for epoch in self.epochs)
