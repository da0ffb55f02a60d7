"""The networks that `gaze` can train, by name. Each takes images (N, 36, 120) and gives scores (N, 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.assignment.cnns import CNNWithBatchNorm, CNNWithoutBatchNorm
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


class Cnn(CNNWithoutBatchNorm):
    """The assignment's network of Task 2.1, on images without a channel."""

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        return super().forward(images.unsqueeze(1))


class CnnBatchNorm(CNNWithBatchNorm):
    """The assignment's network of Task 2.3, on images without a channel."""

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        return super().forward(images.unsqueeze(1))


class RandomShift(nn.Module):
    """In training, each image (N, H, W) moved by up to `most` pixels each way; its edge pixels fill the gap.

    As if the eyes had been cropped a little beside where they were found, so that the network does not learn by heart
    where the crop lies.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, images: mg.Tensor) -> mg.Tensor:
        if not self.training or self.most == 0:
            return images
        n, height, width = images.shape
        device = images.device
        down, right = (mg.randint(-self.most, self.most + 1, (n, 1, 1), device=device) for _ in range(2))
        rows = (mg.arange(height, device=device).reshape(1, height, 1) + down).clamp(0, height - 1)
        columns = (mg.arange(width, device=device).reshape(1, 1, width) + right).clamp(0, width - 1)
        return images[mg.arange(n, device=device).reshape(n, 1, 1), rows, columns]


class BestCNN(nn.Module):
    """Part 4, the improved network: three blocks of convolution - pool - batch-norm - relu, then two layers.

    channels: the filters of each block, 3 x 3 with a border of zeros, so that only pooling makes the image smaller.
    hidden: units between the last block and the scores. dropout: the share of a layer's inputs that is left out in
    training, before each of the two layers. shift: see RandomShift.

    Pooling comes right after the convolution: what follows it has a quarter of the work, and relu and maximum may
    change places anyway. docs/gaze-search.md tells how the numbers were chosen.
    """

    def __init__(
        self, channels: Sequence[int] = (8, 16, 32), hidden: int = 128, dropout: float = 0.5, shift: int = 2
    ) -> None:
        super().__init__()
        self.shift = RandomShift(shift)
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
        x = self.blocks(self.shift(images).unsqueeze(1))
        x = F.relu(self.fc1(self.drop(x.flatten(1))))
        return self.fc2(self.drop(x))


@dataclass(frozen=True)
class Recipe:
    """A network, and settings of the optimiser that train it well on the default data.

    schedule: how the learning rate goes from epoch to epoch: "constant", or "cosine" from lr down to 0.
    """

    make: Callable[[], nn.Module]
    title: str
    epochs: int
    lr: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 256
    schedule: str = "constant"


MODELS: dict[str, Recipe] = {
    "two-layer": Recipe(TwoLayer, "Two-layer network, 128 hidden units", epochs=30, lr=0.003),
    "fc": Recipe(FullyConnected, "Fully-connected network, 3 x 100 hidden units", epochs=30, lr=0.01),
    "cnn": Recipe(Cnn, "CNN, 2 convolutions", epochs=12, lr=0.01, batch_size=128),
    "cnn-bn": Recipe(CnnBatchNorm, "CNN, 2 convolutions with batch-norm", epochs=12, lr=0.01, batch_size=128),
    "best": Recipe(BestCNN, "CNN of our own, 3 convolutions", epochs=12, lr=0.02, weight_decay=1e-3,
                   batch_size=128, schedule="cosine"),
}  # fmt: skip
