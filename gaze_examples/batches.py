"""Eyes as a data set for training: pixels stay bytes, and become numbers around 0 a batch at a time."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gaze_examples.augmentation import Augmentation
from gaze_examples.data.eyes import EyeSet
from minigrad import random
from minigrad.backend import Array, Device, to_device
from minigrad.data import BatchSampler, DataLoader, Dataset, DistributedBatchSampler, RandomSampler

PIXEL_MEAN, PIXEL_DEVIATION = 128.0, 74.0  # of histogram-equalised eyes, real and synthetic


def normalise(pixels: Array) -> Array:
    """Pixels 0..255 as float32 of mean about 0 and deviation about 1, on the host or on a GPU."""
    return (pixels.astype(np.float32) - np.float32(PIXEL_MEAN)) * np.float32(1 / PIXEL_DEVIATION)


class EyeDataset(Dataset):
    """Sample i: the normalised image (36, 120) float32, and its label.

    augment: each time a sample is taken it is another image, drawn from the library's random stream.
    """

    def __init__(self, eyes: EyeSet, labels: np.ndarray, device: Device, augment: Augmentation | None = None) -> None:
        self.eyes = eyes
        self.labels = labels
        self.device = device
        self.augment = augment

    def __len__(self) -> int:
        return len(self.eyes)

    def __getitem__(self, index: int) -> tuple[mg.Tensor, mg.Tensor]:
        images, labels = self.take(np.array([index]))
        return images[0], labels[0]

    def take(self, indices: np.ndarray) -> tuple[mg.Tensor, mg.Tensor]:
        """The samples `indices` as images (N, 36, 120) and labels (N,). To a GPU go bytes, a quarter as much."""
        images, labels = self.eyes.images[indices], self.labels[indices]
        if self.augment is not None:
            images, labels = self.augment(images, labels, random.generator())
        pixels = to_device(images, self.device)
        return mg.as_tensor(normalise(pixels)), mg.as_tensor(labels, device=self.device)


def loader(
    eyes: EyeSet,
    labels: np.ndarray,
    batch_size: int,
    device: Device,
    shuffle_seed: int | None = None,
    augment: Augmentation | None = None,
    share: tuple[int, int] = (1, 0),
) -> DataLoader:
    """Batches of eyes: in order, or shuffled anew each epoch from a seed; as they are, or augmented.

    share: with a seed, by how many ranks each batch is shared, and which one this is.
    """
    dataset = EyeDataset(eyes, labels, device, augment)
    if shuffle_seed is None:
        return DataLoader(dataset, batch_size)
    batches = BatchSampler(RandomSampler(dataset, generator=shuffle_seed), batch_size, drop_last=False)
    return DataLoader(dataset, batch_sampler=DistributedBatchSampler(batches, *share))
