"""Samplers: in which order, and how often, the samples of a dataset come. Any list of indices serves as one, too."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np

from minigrad import random
from minigrad.backend import to_host
from minigrad.tensor import Tensor, as_array


class Sampler:
    """Subclass it with `__iter__`, which gives the indices of an epoch, and `__len__`, which counts them."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} needs a method __iter__(self).")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} needs a method __len__(self).")


class SequentialSampler(Sampler):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """All indices in a new random order every epoch, or `num_samples` of them.

    More than there are begin a new order. replacement: each is drawn from all, so some come twice and some never.
    generator: a seed, a generator, or None for the library's.
    """

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None, generator: Any = None
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self.num_samples = len(data_source) if num_samples is None else _count("RandomSampler", num_samples)
        self._own_generator = None if generator is None else random.generator(generator)

    def __iter__(self) -> Iterator[int]:
        rng, count = random.generator(self._own_generator), len(self.data_source)
        if self.replacement:
            return iter(rng.integers(count, size=self.num_samples).tolist())
        rounds = -(-self.num_samples // max(count, 1))
        orders = (rng.permutation(count).tolist() for _ in range(rounds))
        return itertools.islice(itertools.chain.from_iterable(orders), self.num_samples)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices in a new random order every epoch."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self._own_generator = None if generator is None else random.generator(generator)

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in random.generator(self._own_generator).permutation(len(self.indices)))

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """`num_samples` indices, drawn with probabilities in proportion to `weights`: for classes of unequal sizes."""

    def __init__(
        self, weights: Sequence[float] | Tensor, num_samples: int, replacement: bool = True, generator: Any = None
    ) -> None:
        self.weights = to_host(as_array(weights)).astype(np.float64)
        self.num_samples = _count("WeightedRandomSampler", num_samples)
        self.replacement = replacement
        if self.weights.ndim != 1 or not (self.weights >= 0).all() or not 0 < self.weights.sum() < np.inf:
            raise ValueError("WeightedRandomSampler: expected one finite weight >= 0 a sample, and one that is not 0.")
        if not replacement and num_samples > np.count_nonzero(self.weights):
            raise ValueError(
                f"WeightedRandomSampler: without replacement, {num_samples} samples need as many weights that are not "
                f"0, got {np.count_nonzero(self.weights)}."
            )
        self._own_generator = None if generator is None else random.generator(generator)

    def __iter__(self) -> Iterator[int]:
        shares = self.weights / self.weights.sum()
        rng = random.generator(self._own_generator)
        return iter(rng.choice(len(shares), self.num_samples, self.replacement, shares).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` indices of another sampler. drop_last: without a last one that is smaller."""

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        self.sampler = sampler
        self.batch_size = _count("BatchSampler", batch_size, "batch_size")
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return full if self.drop_last or not rest else full + 1


def _count(name: str, number: int, what: str = "num_samples") -> int:
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{name}: {what} must be a whole number, at least 1, got {number!r}.")
    return int(number)
