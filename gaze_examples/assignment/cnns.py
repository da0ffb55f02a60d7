"""The assignment's two CNNs, part 2: as in the notebook layer by layer."""

from __future__ import annotations

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn


class CNNWithoutBatchNorm(nn.Module):
    """Task 2.1: two times convolution - relu - pool, then fully-connected - relu - fully-connected.

    Images (N, 1, 36, 120) become scores (N, 4); 667,312 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.pool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool2 = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(16 * 6 * 27, 256)
        self.fc2 = nn.Linear(256, 4)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        x = F.relu(self.conv1(x))  # (N, 6, 34, 118)
        x = self.pool1(x)  # (N, 6, 17, 59)
        x = F.relu(self.conv2(x))  # (N, 16, 13, 55)
        x = self.pool2(x)  # (N, 16, 6, 27): pooling leaves the last row and column out
        x = F.relu(self.fc1(x.view(-1, 16 * 6 * 27)))
        return self.fc2(x)


class CNNWithBatchNorm(nn.Module):
    """Task 2.3: the same with batch-norm after each pool, which adds a scale and a shift for each channel.

    Images (N, 1, 36, 120) become scores (N, 4); 667,356 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.pool1 = nn.MaxPool2d(2, 2)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool2 = nn.MaxPool2d(2, 2)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc1 = nn.Linear(16 * 6 * 27, 256)
        self.fc2 = nn.Linear(256, 4)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        x = F.relu(self.conv1(x))  # (N, 6, 34, 118)
        x = self.bn1(self.pool1(x))  # (N, 6, 17, 59)
        x = F.relu(self.conv2(x))  # (N, 16, 13, 55)
        x = self.bn2(self.pool2(x))  # (N, 16, 6, 27)
        x = F.relu(self.fc1(x.view(-1, 16 * 6 * 27)))
        return self.fc2(x)
