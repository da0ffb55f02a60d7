"""The networks that `gaze` can train, by name. Each takes images (N, 36, 120) and gives scores (N, 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.assignment.cnns import CNNWithBatchNorm, CNNWithoutBatchNorm
from gaze_examples.data.eyes import HEIGHT, MIRRORED, QUADRANTS, WIDTH
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


class Cnn(CNNWithoutBatchNorm):
    """The assignment's network of Task 2.1, on images without a channel."""

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        return super().forward(images.unsqueeze(1))


class CnnBatchNorm(CNNWithBatchNorm):
    """The assignment's network of Task 2.3, on images without a channel."""

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        return super().forward(images.unsqueeze(1))


class BestCNN(nn.Module):
    """Part 4, the improved network: three blocks of convolution - pool - batch-norm - relu, then two layers.

    channels: the filters of each block, 3 x 3 with a border of zeros, so that only pooling makes the image smaller.
    hidden: units between the last block and the scores. dropout: the share of a layer's inputs that is left out in
    training, before each of the two layers.

    In evaluation it reads each image twice, as it is and in a mirror, and gives the mean of the scores: what it is not
    sure of it often gets right from one of the two sides.

    Pooling comes right after the convolution: what follows it has a quarter of the work, and relu and maximum may
    change places anyway. docs/gaze-search.md tells how the numbers were chosen.
    """

    def __init__(self, channels: Sequence[int] = (8, 16, 32), hidden: int = 128, dropout: float = 0.25) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(after), nn.ReLU())
                for before, after in zip((1, *channels[:-1]), channels, strict=True)
            )
        )
        smaller = 2 ** len(channels)
        self.drop = nn.Dropout(dropout)
        self.fc1 = nn.Linear(channels[-1] * (HEIGHT // smaller) * (WIDTH // smaller), hidden)
        self.fc2 = nn.Linear(hidden, CLASSES)

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        if self.training:
            return self.read(images)
        mirrored = self.read(images.flip(2))[:, MIRRORED]
        return (self.read(images) + mirrored) / 2

    def read(self, images: mg.Tensor) -> mg.Tensor:
        """The scores of the images from one side."""
        x = self.blocks(images.unsqueeze(1))
        x = F.relu(self.fc1(self.drop(x.flatten(1))))
        return self.fc2(self.drop(x))


@dataclass(frozen=True)
class Recipe:
    """A network, and settings of the optimiser that train it well on the default data.

    schedule: how the learning rate goes from epoch to epoch: "constant", or "cosine" from lr down to 0.
    augment: train on images that are mirrored, shifted and lit anew each time, see `augmentation`.
    """

    make: Callable[[], nn.Module]
    title: str
    epochs: int
    lr: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 256
    schedule: str = "constant"
    augment: bool = False


MODELS: dict[str, Recipe] = {
    "two-layer": Recipe(TwoLayer, "Two-layer network, 128 hidden units", epochs=30, lr=0.003),
    "fc": Recipe(FullyConnected, "Fully-connected network, 3 x 100 hidden units", epochs=30, lr=0.01),
    "cnn": Recipe(Cnn, "CNN, 2 convolutions", epochs=12, lr=0.01, batch_size=128),
    "cnn-bn": Recipe(CnnBatchNorm, "CNN, 2 convolutions with batch-norm", epochs=12, lr=0.01, batch_size=128),
    "best": Recipe(BestCNN, "CNN of our own, 3 convolutions", epochs=12, lr=0.02, weight_decay=1e-3,
                   batch_size=128, schedule="cosine", augment=True),
}  # fmt: skip
