"""`Dataset`, a collection with a length and items, and `TensorDataset`, rows of tensors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad import random
from minigrad.backend import Array, ShapeError
from minigrad.creation import as_tensor
from minigrad.kinds import Checked, look_at
from minigrad.lift import of_tensors
from minigrad.tensor import Tensor


class Dataset(Checked):
    """Subclass it with `__len__` and `__getitem__(index) -> sample`.

    A dataset that can fetch many samples in one go may also have `take(indices) -> batch`, with `indices` an int64
    array; the DataLoader then uses it instead of collecting samples one by one.
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} needs a method __len__(self).")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(self, index).")


look_at(Dataset, lambda value: hasattr(value, "__getitem__") and not isinstance(value, str), "a dataset")


class TensorDataset(Dataset):
    """Sample i is row i of each of the tensors, which are all of the same length. Arrays are shared, not copied."""

    def __init__(self, *tensors: Tensor | Array) -> None:
        self.tensors = tuple(as_tensor(tensor) for tensor in tensors)
        lengths = [len(tensor) for tensor in self.tensors]
        if len(set(lengths)) != 1:
            raise ShapeError(f"TensorDataset: expected tensors of one length, got lengths {lengths}.")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def take(self, indices: np.ndarray) -> tuple[Tensor, ...]:
        """The rows `indices` of each tensor, copied once."""
        return self[indices]


class Subset(Dataset):
    """The samples `indices` of a dataset, which is shared."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        if hasattr(dataset, "take"):
            self.take = lambda places: dataset.take(np.asarray(self.indices, np.int64)[places])

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[int(self.indices[index])]


@of_tensors
def random_split(dataset: Dataset, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Cut a dataset at random into parts of `lengths`, or of shares that sum to 1. Each sample is in just one part.

    Shares are rounded down, and what is left goes to the parts one by one, from the first on. generator: a seed, a
    generator, or None for the library's.
    """
    count, counts = len(dataset), list(lengths)
    if math.isclose(sum(lengths), 1) and all(0 <= share <= 1 for share in lengths):
        counts = [math.floor(count * share) for share in lengths]
        for i in range(count - int(sum(counts))):
            counts[i % len(counts)] += 1
    if sum(counts) != count or any(length < 0 or int(length) != length for length in counts):
        raise ValueError(f"random_split: lengths must sum to {count} samples (or shares to 1), got {list(lengths)}.")
    order = random.generator(generator).permutation(count)
    ends = np.cumsum([0, *counts]).astype(int)
    return [Subset(dataset, order[start:end].tolist()) for start, end in itertools.pairwise(ends)]


class ConcatDataset(Dataset):
    """Datasets one after another, as one."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: expected at least one dataset, got none.")
        self.cumulative_sizes = np.cumsum([len(dataset) for dataset in self.datasets]).tolist()

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index must lie in {-len(self)}..{len(self) - 1}, got {index}.")
        index %= len(self)
        which = int(np.searchsorted(self.cumulative_sizes, index, side="right"))
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]
