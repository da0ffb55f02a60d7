"""What a network says about the eyes in a picture, and how sure that is.

Where an eye is found is a matter of some pixels, and a few pixels are all that a turned eye moves its iris. So each
pair of eyes is cut out many times, a little beside and a little larger or smaller, and the answer is the mean over
these crops. How many of them agree, and how plausible the found eyes are, says how much the answer is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.batches import normalise
from gaze_examples.data.eyes import QUADRANTS
from gaze_examples.photos.faces import Box, Face, eye_pair, find_faces
from minigrad.nn import Module

CROPS = 25  # the first is the one in the middle
BATCH = 500  # pairs at once: what a convolution makes of them fills some 70 MB
SHIFT, ZOOM = 2.0, 0.05  # standard deviations: of where an eye lies in its patch (pixels), and of its size


class Answer(NamedTuple):
    """Where a face looks.

    probabilities: (4,), one a quadrant, the mean over the crops; None where no eyes were found.
    agreement: the share of the crops that give the same answer as all together.
    """

    face: Face
    probabilities: np.ndarray | None
    agreement: float

    @property
    def quadrant(self) -> int | None:
        return None if self.probabilities is None else int(np.argmax(self.probabilities))

    @property
    def name(self) -> str:
        return "" if self.quadrant is None else QUADRANTS[self.quadrant]

    @property
    def probability(self) -> float:
        return 0.0 if self.probabilities is None else float(np.max(self.probabilities))

    @property
    def quality(self) -> float:
        """0..1: agreement of the crops, times plausibility of the eyes. Not whether the network is right."""
        return self.agreement * self.face.plausibility

    @property
    def sure(self) -> str:
        """The quality as a word."""
        return "high" if self.quality >= 0.9 else "medium" if self.quality >= 0.7 else "low"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        face, each = self.face, self.probabilities
        known = each is not None
        return {
            "quadrant": self.quadrant,
            "name": self.name or None,
            "probabilities": None if each is None else [round(float(share), 4) for share in each],
            "quality": round(self.quality, 3) if known else None,
            "sure": self.sure if known else None,
            "agreement": round(self.agreement, 3) if known else None,
            "plausibility": round(face.plausibility, 3) if known else None,
            "problem": face.problem or None,
            "face": _rounded(face.box),
            "eyes": None if face.eyes is None else [_rounded(box) for box in face.eyes],
        }


def look(model: Module, grey: np.ndarray) -> list[Answer]:
    """An answer for each face in a grey picture (H, W) uint8, from left to right."""
    return [answer(model, grey, face) for face in find_faces(grey)]


def answer(model: Module, grey: np.ndarray, face: Face) -> Answer:
    """Where one face looks. model: in evaluation mode."""
    if face.eyes is None:
        return Answer(face, None, 0.0)
    each = probabilities(model, crops(grey, face.eyes))
    mean = each.mean(axis=0)
    return Answer(face, mean, float(np.mean(each.argmax(axis=1) == mean.argmax())))


def crops(grey: np.ndarray, eyes: Sequence[Box]) -> np.ndarray:
    """The pair of eyes cut out CROPS times, (CROPS, 36, 120) uint8: first as found, then always the same bit beside."""
    rng = np.random.default_rng(0)
    shifts, zooms = SHIFT * rng.standard_normal((CROPS, 2, 2)), 1 + ZOOM * rng.standard_normal(CROPS)
    shifts[0], zooms[0] = 0, 1
    return np.stack([eye_pair(grey, eyes, shift, zoom) for shift, zoom in zip(shifts, zooms, strict=True)])


def probabilities(model: Module, pairs: np.ndarray) -> np.ndarray:
    """The probabilities (N, 4) that a network gives the quadrants, for pairs of eyes (N, 36, 120) uint8."""
    device = next(model.parameters()).device
    with mg.no_grad():
        batches = (normalise(pairs[start : start + BATCH]) for start in range(0, len(pairs), BATCH))
        scores = [F.softmax(model(mg.as_tensor(batch, device=device)), dim=1) for batch in batches]
        return mg.cat(scores).cpu().numpy()


def _rounded(box: Box) -> dict[str, float]:
    return {name: round(value, 1) for name, value in box._asdict().items()}
