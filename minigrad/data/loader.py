"""`DataLoader`: batches of a dataset, in order or shuffled from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad import random
from minigrad.backend import Number, is_array
from minigrad.creation import as_tensor
from minigrad.data.dataset import Dataset
from minigrad.functions.pieces import stack
from minigrad.tensor import Tensor


class DataLoader:
    """Iterate over it once an epoch.

    shuffle: a new random order every epoch, drawn from `generator`: a seed, a NumPy Generator, or None for the
        library's (`mg.manual_seed`). Only the order is shuffled; the data stays where it is.
    drop_last: leave out a last batch that is smaller than `batch_size`.
    collate_fn: makes a batch of a list of samples; by default tensors, arrays and numbers are stacked, and tuples,
        lists and dicts collected part by part. (Python's floats become float32, like everywhere in this library.)
    num_workers, pin_memory: taken for the sake of PyTorch's scripts; batches are always made here, when asked for.
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
        num_workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"DataLoader: batch_size must be a whole number, at least 1, got {batch_size!r}.")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self._own_generator = None if generator is None else random.generator(generator)

    def __len__(self) -> int:
        """The number of batches."""
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full if self.drop_last or not rest else full + 1

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
        parts = [collate(part) for part in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts  # a named tuple stays one
    if isinstance(first, str):
        return list(samples)
    if is_array(first):
        return stack([as_tensor(sample) for sample in samples])
    if isinstance(first, np.generic):
        return as_tensor(np.asarray(samples))
    if isinstance(first, Number):
        return as_tensor(list(samples))
    raise TypeError(
        f"DataLoader: a sample is made of tensors, arrays, numbers, text, tuples, lists or dicts, not of "
        f"{type(first).__name__}. Give a collate_fn that makes a batch of a list of such."
    )
