"""The search behind `best`: each candidate is trained alike on the small set, and its validation accuracy printed.

    python -m gaze_examples.search [NAME ...]

Prints the table of docs/gaze-search.md, row by row. The test parts are not looked at.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import minigrad as mg
from gaze_examples.augmentation import Augmentation
from gaze_examples.batches import loader
from gaze_examples.data import GazeData, load
from gaze_examples.models import BestCNN, Cnn, CnnBatchNorm
from minigrad import nn
from minigrad.optim.lr_scheduler import CosineAnnealingLR
from minigrad.training import Epoch, Trainer


@dataclass(frozen=True)
class Candidate:
    """A network and how it is trained. optimizer: "sgd" (with momentum 0.9) or "adamw"."""

    make: Callable[[], nn.Module]
    lr: float = 0.02
    optimizer: str = "sgd"
    weight_decay: float = 0.0
    cosine: bool = True
    epochs: int = 10
    batch_size: int = 128
    augment: Augmentation | None = None


SHIFT = Augmentation(mirror=False, light=False)
PLAIN = Candidate(lambda: BestCNN((8, 16, 32), dropout=0))
HALF = replace(PLAIN, make=lambda: BestCNN((8, 16, 32), dropout=0.5))
CANDIDATES: dict[str, Candidate] = {
    "cnn": Candidate(Cnn, lr=0.01, cosine=False),
    "cnn-bn": Candidate(CnnBatchNorm, lr=0.01, cosine=False),
    "cnn-bn, cosine": Candidate(CnnBatchNorm, lr=0.01),
    "8-16-32, constant rate": replace(PLAIN, cosine=False),
    "8-16-32": PLAIN,
    "8-16-32, dropout": HALF,
    "8-16-32, weight decay": replace(PLAIN, weight_decay=1e-3),
    "8-16-32, shift": replace(PLAIN, augment=SHIFT),
    "8-16-32, dropout, shift, decay": replace(HALF, weight_decay=1e-3, augment=SHIFT),
    "8-16-32, dropout, augmentation, decay": replace(HALF, weight_decay=1e-3, augment=Augmentation()),
    "best": replace(HALF, make=BestCNN, weight_decay=1e-3, augment=Augmentation()),
    "8-16-32, dropout, AdamW": replace(HALF, optimizer="adamw", lr=1e-3, weight_decay=0.01),
    "16-32-64, dropout": replace(PLAIN, make=lambda: BestCNN((16, 32, 64), dropout=0.5)),
    "8-16-32-64, dropout": replace(PLAIN, make=lambda: BestCNN((8, 16, 32, 64), dropout=0.5)),
}


def main(names: list[str]) -> None:
    """Try the candidates of these names, or all."""
    data = load("synthetic", size="small", workers=None)
    print("| network | parameters | epochs | seconds | train % | val % |\n|---|---:|---:|---:|---:|---:|")
    for name in names or CANDIDATES:
        candidate = CANDIDATES[name]
        start = time.perf_counter()
        best, parameters = _train(candidate, data)
        seconds = time.perf_counter() - start
        val = 100 * (best.val_accuracy or 0)
        print(
            f"| {name} | {parameters:,} | {candidate.epochs} | {seconds:.0f} "
            f"| {100 * best.train_accuracy:.1f} | {val:.1f} (epoch {best.epoch}) |",
            flush=True,
        )


def _train(candidate: Candidate, data: GazeData, seed: int = 0) -> tuple[Epoch, int]:
    """The best epoch of a candidate, and how many parameters it has."""
    mg.manual_seed(seed)
    model = candidate.make()
    if candidate.optimizer == "adamw":
        optimizer: mg.optim.Optimizer = mg.optim.AdamW(
            model.parameters(), lr=candidate.lr, weight_decay=candidate.weight_decay
        )
    else:
        optimizer = mg.optim.SGD(model.parameters(), lr=candidate.lr, momentum=0.9, weight_decay=candidate.weight_decay)
    device, parts = mg.device("cpu"), data.split.parts()
    history = Trainer(
        model, optimizer, scheduler=CosineAnnealingLR(optimizer, T_max=candidate.epochs) if candidate.cosine else None
    ).fit(
        loader(parts["train"], data.labels["train"], candidate.batch_size, device, seed, candidate.augment),
        loader(parts["val"], data.labels["val"], 1000, device),
        epochs=candidate.epochs,
    )
    assert history.best is not None
    return history.best, sum(p.numel() for p in model.parameters())


if __name__ == "__main__":
    main(sys.argv[1:])
