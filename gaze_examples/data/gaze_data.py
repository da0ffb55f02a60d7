"""`GazeData`: a split of eyes with its labels, ready to train on, and a description a person can check."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from gaze_examples.data.eyes import QUADRANTS, DataError, EyeSet, Skipped
from gaze_examples.data.quadrants import Origin, labels_of, origin_of
from gaze_examples.data.splits import Split

FAR_FROM_BALANCED = 0.4  # a quadrant with less than this part of its fair share, so below 10 %, is told


@dataclass(frozen=True)
class GazeData:
    """Eyes, split and labelled.

    split: the parts; `split.parts()` has them by name: train, val, test and, where people were held out, new.
    labels: for each part's name its labels (N,) int64, 0..3.
    origin: (yaw, pitch) in radians of the quadrants' origin, or None where the source knew the quadrants.
    skipped: what the reader left out, and why.
    """

    split: Split
    labels: dict[str, np.ndarray]
    origin: tuple[float, float] | None
    skipped: list[Skipped]

    def class_shares(self, part: str) -> np.ndarray:
        """The share (4,) of each quadrant in a part; they add up to 1."""
        return np.bincount(self.labels[part], minlength=len(QUADRANTS)) / len(self.labels[part])

    def check_classes(self) -> None:
        """Raise DataError if a quadrant has no training image, and warn if the quadrants are far from balanced."""
        shares = self.class_shares("train")
        if not shares.all():
            missing = ", ".join(name for name, share in zip(QUADRANTS, shares, strict=True) if share == 0)
            raise DataError(
                f"No training image looks {missing}, so that cannot be learned ({self._how_labelled()}); "
                f"{'give more pairs' if self.origin is None else 'move the origin, or give more pairs'}."
            )
        if shares.min() < FAR_FROM_BALANCED / len(QUADRANTS):
            shown = " / ".join(f"{100 * share:.0f}" for share in shares)
            middle = "" if self.origin is None else " The origin median is about the middle of the screen."
            warnings.warn(
                f"The quadrants are far from balanced: {shown} % of the training images. Always the same answer, "
                f"{QUADRANTS[shares.argmax()]}, is right for {100 * shares.max():.0f} % of them.{middle}",
                stacklevel=3,
            )

    def oracle_accuracy(self, part: str) -> float | None:
        """The share of a part that an observer who knows the true eyeball angles gets right, if known: the ceiling."""
        oracle = self.split.parts()[part].oracle
        return None if oracle is None else float(np.mean(oracle == self.labels[part]))

    def describe(self) -> str:
        """What this is, how it was split and labelled, and a table of the parts; several lines."""
        lines = [
            self.split.train.source,
            f"Split: {self.split.how}.",
            f"Labels: {self._how_labelled()}.",
            "",
            f"{'part':6}{'pairs':>8}{'people':>8}   {'share of quadrant 0 / 1 / 2 / 3':34}oracle",
        ]
        for part, eyes in self.split.parts().items():
            shares = " / ".join(f"{100 * share:.1f}" for share in self.class_shares(part)) + " %"
            oracle = self.oracle_accuracy(part)
            ceiling = "unknown" if oracle is None else f"{100 * oracle:.1f} %"
            lines.append(f"{part:6}{len(eyes):8,}{len(np.unique(eyes.person)):8}   {shares:34}{ceiling}")
        names = ", ".join(f"{i} {name}" for i, name in enumerate(QUADRANTS))
        lines.append(f"Quadrants, as seen in the image: {names}.")
        if self.split.train.oracle is not None:
            lines.append("The oracle knows the true angles of the eyeballs: nobody can be expected to do better.")
        if self.skipped:
            first = self.skipped[0]
            lines.append(f"Skipped: {len(self.skipped)}; the first: {first.path}: {first.why}.")
        return "\n".join(lines)

    def _how_labelled(self) -> str:
        if self.origin is None:
            return "the quadrant of the screen, known to the source"
        yaw, pitch = np.degrees(self.origin)
        return f"quadrants of the gaze angle about yaw {yaw:.1f}, pitch {pitch:.1f} degrees"


def label(split: Split, origin: Origin, skipped: list[Skipped]) -> GazeData:
    """`split` with labels. The median origin is that of the training part alone, so nothing of a test leaks into it."""
    train: EyeSet = split.train
    middle = origin_of(train.gaze, origin)
    labels = {name: labels_of(eyes, middle).astype(np.int64) for name, eyes in split.parts().items()}
    return GazeData(split, labels, middle if train.quadrant is None else None, skipped)
