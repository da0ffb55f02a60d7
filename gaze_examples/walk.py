"""`gaze step`: one image of two eyes on its way through a network, and the gradient's way back."""

from __future__ import annotations

import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.batches import EyeDataset
from gaze_examples.data.eyes import DataError, EyeSet
from minigrad.nn import Module
from minigrad.teach.trace import Trace
from minigrad.teach.untouched import untouched


def synthetic_eyes(index: int, seed: int) -> tuple[EyeSet, np.ndarray]:
    """The first index + 1 eye pairs of the first synthetic person, and their quadrants."""
    from gaze_examples.data import synthetic  # here, because it needs OpenCV

    eyes = synthetic.render([0], index + 1, seed, workers=1)
    assert eyes.quadrant is not None
    return eyes, eyes.quadrant


def walk(model: Module, eyes: EyeSet, labels: np.ndarray, index: int) -> Trace:
    """The backward pass of the loss of one image, in training mode. The model stays as it is."""
    if not 0 <= index < len(eyes):
        raise DataError(f"There is no image {index}: there are 0 to {len(eyes) - 1}.")
    device = next(model.parameters()).device
    image, label = (one.unsqueeze(0) for one in EyeDataset(eyes, labels, device)[index])
    with untouched(model), mg.Tape():
        scores = model(image)
        loss = F.cross_entropy(scores, label)
        return mg.trace(loss)
