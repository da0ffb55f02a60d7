"""`Dataset`, a collection with a length and items, and `TensorDataset`, rows of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import Array, ShapeError
from minigrad.creation import as_tensor
from minigrad.tensor import Tensor


class Dataset:
    """Subclass it with `__len__` and `__getitem__(index) -> sample`.

    A dataset that can fetch many samples in one go may also have `take(indices) -> batch`, with `indices` an int64
    array; the DataLoader then uses it instead of collecting samples one by one.
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} needs a method __len__(self).")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(self, index).")


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
