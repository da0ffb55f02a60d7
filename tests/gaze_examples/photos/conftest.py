"""For the tests of photos: a photograph that may be copied freely, and a network that is made in no time."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut  # NASA, in the public domain; it comes with scikit-image

import minigrad as mg
from gaze_examples import default_model
from minigrad import nn


class Brightness(nn.Module):
    """Quadrant 2 where the left patch is brighter on its right side than on its left, else quadrant 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.scale = nn.Parameter(mg.tensor(1.0))

    def forward(self, images):
        right = self.scale * (images[:, :, 30:60].mean(dim=(1, 2)) - images[:, :, :30].mean(dim=(1, 2)))
        zero = 0 * self.conv(images.unsqueeze(1)).mean(dim=(1, 2, 3))
        return mg.stack([zero, 1 - right, right, zero], dim=1)


@pytest.fixture
def model() -> nn.Module:
    mg.manual_seed(0)
    return Brightness().eval()


@pytest.fixture
def default(model, monkeypatch):
    """Brightness in place of the default network, so that none has to be trained."""
    made = default_model.Default(model, {"test": 0.8125, "new": 0.75})
    monkeypatch.setattr(default_model, "default_model", lambda on_start, on_epoch: made)


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """One frontal face, (256, 256, 3), blue first; the pupils are at (105, 101) and (151, 103)."""
    return np.ascontiguousarray(astronaut()[:256, 96:352, ::-1])


@pytest.fixture(scope="session")
def pair(portrait) -> np.ndarray:
    """Two faces, the right one larger."""
    return np.hstack([portrait, cv2.resize(portrait, None, fx=1.4, fy=1.4)[:256]])


@pytest.fixture(scope="session")
def nobody() -> np.ndarray:
    """A picture without a face."""
    return np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
