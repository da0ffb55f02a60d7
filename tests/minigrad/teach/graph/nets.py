"""Networks that the tests draw."""

import minigrad.nn.functional as F
from minigrad import nn


class Block(nn.Module):
    """A residual block of a few channels."""

    def __init__(self, channels=4):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        h = self.norm(self.conv(x))
        return F.relu(h + x)


class Residual(nn.Module):
    """Twelve of them, or as many as are wanted."""

    def __init__(self, blocks=12):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = nn.Sequential(*(Block() for _ in range(blocks)))
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        return self.head(self.blocks(self.stem(images)).mean((2, 3)))
