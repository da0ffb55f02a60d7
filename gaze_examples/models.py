"""The networks that `gaze` can train, by name. Each takes images (N, 36, 120) and gives scores (N, 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.data.eyes import HEIGHT, QUADRANTS, WIDTH
from minigrad import nn

PIXELS, CLASSES = HEIGHT * WIDTH, len(QUADRANTS)


class TwoLayer(nn.Module):
    """fully-connected - relu - fully-connected, as in Task 1.6: 128 hidden units."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(PIXELS, 128)
        self.fc2 = nn.Linear(128, CLASSES)

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        x = F.relu(self.fc1(images.flatten(1)))
        return self.fc2(x)


class FullyConnected(nn.Module):
    """Three times fully-connected - relu, 100 units each, and fully-connected to the scores, as in Task 1.10."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(PIXELS, 100)
        self.fc2 = nn.Linear(100, 100)
        self.fc3 = nn.Linear(100, 100)
        self.fc4 = nn.Linear(100, CLASSES)

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        x = F.relu(self.fc1(images.flatten(1)))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return self.fc4(x)


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
    "two-layer": Recipe(TwoLayer, "Two-layer network, 128 hidden units", epochs=30, lr=0.003),
    "fc": Recipe(FullyConnected, "Fully-connected network, 3 x 100 hidden units", epochs=30, lr=0.01),
}
