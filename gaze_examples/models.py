"""The networks that `gaze` can train, by name. Each takes images (N, 36, 120) and gives scores (N, 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.data.eyes import HEIGHT, QUADRANTS, WIDTH
from minigrad import nn


class FullyConnected(nn.Module):
    """fully-connected - relu, once for each hidden layer, then fully-connected to the scores.

    hidden: the widths of the hidden layers. Layers are called fc1, fc2, ...
    """

    def __init__(self, hidden: Sequence[int]) -> None:
        super().__init__()
        widths = [HEIGHT * WIDTH, *hidden, len(QUADRANTS)]
        self.depth = len(widths) - 1
        for i in range(self.depth):
            setattr(self, f"fc{i + 1}", nn.Linear(widths[i], widths[i + 1]))

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        x = images.flatten(1)
        for i in range(1, self.depth):
            x = F.relu(getattr(self, f"fc{i}")(x))
        return getattr(self, f"fc{self.depth}")(x)


@dataclass(frozen=True)
class Recipe:
    """A network, and settings of the optimiser that train it well on the default data."""

    make: Callable[[], nn.Module]
    title: str
    epochs: int
    lr: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 256


MODELS: dict[str, Recipe] = {
    "two-layer": Recipe(lambda: FullyConnected([128]), "Two-layer network, 128 hidden units (Task 1.6)", 30, 0.003),
    "fc": Recipe(
        lambda: FullyConnected([100, 100, 100]), "Fully-connected network, 3 x 100 hidden units (Task 1.10)", 30, 0.01
    ),
}
