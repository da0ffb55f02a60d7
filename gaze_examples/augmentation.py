"""Training images as they might have been: mirrored, cropped a little beside, in another light. Drawn anew each time.

A network that sees each training image only as it is learns by heart where the crop lies and how these few people sat
before their lamps, and is lost before other eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaze_examples.data.eyes import HEIGHT, MIRRORED, WIDTH

SIDE_LIGHT, TOP_LIGHT = 0.35, 0.25  # deviation of the gain of brightness from the middle of an eye to its border
RELIT = 0.7  # share of the images that get another light


@dataclass(frozen=True)
class Augmentation:
    """What is done to training images (N, 36, 120) uint8 and their labels (N,).

    shift: up to so many pixels each way, both eyes together: as if the eyes had been cropped a little beside where they
        were found. The pixels at the edge fill the gap.
    mirror: half of the images are mirrored, so that eye 0 becomes eye 1, and left becomes right in the label, too.
    light: most images are lit from another side, and then equalised again, eye by eye, as all eyes are.
    """

    shift: int = 2
    mirror: bool = True
    light: bool = True

    def __call__(
        self, images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.mirror:
            images, labels = mirrored(images, labels, rng.random(len(images)) < 0.5)
        if self.shift:
            images = shifted(images, rng.integers(-self.shift, self.shift + 1, (len(images), 2)))
        if self.light:
            gains = rng.normal(0, (SIDE_LIGHT, TOP_LIGHT), (len(images), 2)) * (rng.random((len(images), 1)) < RELIT)
            images = relit(images, gains)
        return images, labels


def mirrored(images: np.ndarray, labels: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of the images where `which` (N,) is true, mirrored, and the labels that go with them."""
    return np.where(which[:, None, None], images[:, :, ::-1], images), np.where(which, MIRRORED[labels], labels)


def shifted(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Each image moved up and to the left by its pixels `by` (N, 2)."""
    rows = np.clip(np.arange(HEIGHT) + by[:, :1], 0, HEIGHT - 1)
    columns = np.clip(np.arange(WIDTH) + by[:, 1:], 0, WIDTH - 1)
    return images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def relit(images: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Each image in a light that gains `gains` (N, 2) towards the right and the upper border of each eye.

    Both eyes are lit alike. Where both gains are 0 the image stays as it is.
    """
    which = np.flatnonzero(gains.any(axis=1))
    eyes = images[which].reshape(-1, HEIGHT, 2, WIDTH // 2)
    right = np.linspace(-1, 1, WIDTH // 2, dtype=np.float32)
    up = np.linspace(1, -1, HEIGHT, dtype=np.float32)[:, None, None]
    side, top = gains[which].astype(np.float32).T[..., None, None, None]
    lit = eyes * np.maximum(1 + side * right + top * up, np.float32(0.1))
    lit *= 255 / np.maximum(lit.max(axis=(1, 3), keepdims=True), 1)
    result = images.copy()
    result[which] = equalised(lit.astype(np.uint8)).reshape(-1, HEIGHT, WIDTH)
    return result


def equalised(eyes: np.ndarray) -> np.ndarray:
    """Pairs of eyes (N, 36, 2, 60) uint8 with the histogram of each eye equalised, as OpenCV's equalizeHist does it.

    A brightness becomes the share of the eye's pixels that are not brighter, from 0 for the darkest there to 255.
    """
    n, pixels = len(eyes), HEIGHT * WIDTH // 2
    eye = 256 * np.arange(2 * n).reshape(n, 1, 2, 1)  # where the 256 levels of each eye begin
    level = eyes + eye
    not_brighter = np.bincount(level.ravel(), minlength=2 * n * 256).reshape(2 * n, 256).cumsum(axis=1)
    darkest = not_brighter.astype(bool).argmax(axis=1)[:, None]
    first = np.take_along_axis(not_brighter, darkest, axis=1)
    table = np.rint((not_brighter - first) * (255 / np.maximum(pixels - first, 1)).astype(np.float32))
    return table.clip(0, 255).astype(np.uint8).ravel()[level]
