"""`DataLoader`: batches of a dataset, in order or shuffled from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad import random
from minigrad.creation import as_tensor
from minigrad.data.dataset import Dataset
from minigrad.functions import stack
from minigrad.tensor import Tensor


class DataLoader:
    """Iterate over it once an epoch.

    shuffle: a new random order every epoch, drawn from `generator`: a seed, a NumPy Generator, or None for the
        library's (`mg.manual_seed`). Only the order is shuffled; the data stays where it is.
    drop_last: leave out a last batch that is smaller than `batch_size`.
    collate_fn: makes a batch of a list of samples; by default tensors, arrays and numbers are stacked, and tuples,
        lists and dicts collected part by part.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        generator: np.random.Generator | int | None = None,
        collate_fn: Callable[[list], Any] | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"DataLoader: batch_size must be at least 1, got {batch_size}.")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self._own_generator = None if generator is None else random.generator(generator)

    def __len__(self) -> int:
        """The number of batches."""
        count = len(self.dataset) / self.batch_size
        return math.floor(count) if self.drop_last else math.ceil(count)

    def __iter__(self) -> Iterator[Any]:
        count = len(self.dataset)
        order = random.generator(self._own_generator).permutation(count) if self.shuffle else np.arange(count)
        for batch in range(len(self)):
            yield self._fetch(order[batch * self.batch_size : (batch + 1) * self.batch_size])

    def _fetch(self, indices: np.ndarray) -> Any:
        if self.collate_fn is None and hasattr(self.dataset, "take"):
            return self.dataset.take(indices)
        samples = [self.dataset[int(index)] for index in indices]
        return (self.collate_fn or collate)(samples)


def collate(samples: Sequence[Any]) -> Any:
    """One batch of many samples, stacked along a new first axis."""
    first = samples[0]
    if isinstance(first, Tensor):
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        return [collate(part) for part in zip(*samples, strict=True)]
    if isinstance(first, str):
        return list(samples)
    return as_tensor(np.asarray(samples) if isinstance(first, (np.ndarray, np.generic)) else list(samples))
