"""Samplers: in which order, and how often, the samples of a dataset come. Any list of indices serves as one, too."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np

from minigrad import distributed, random
from minigrad.backend import to_host
from minigrad.kinds import Checked
from minigrad.tensor import Tensor, as_array


class Sampler(Checked):
    """Subclass it with `__iter__`, which gives the indices of an epoch, and `__len__`, which counts them.

    One that draws has `generator`: the stream it draws from, or None for the library's. A loader's `state_dict()` keeps
    where the stream stands, and several ranks that are to draw the same need one.
    """

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
        self.generator = None if generator is None else random.generator(generator)

    def __iter__(self) -> Iterator[int]:
        rng, count = random.generator(self.generator), len(self.data_source)
        if self.replacement:
            own = np.random.default_rng(rng.integers(2**63))  # in which nobody else draws before the last one
            return itertools.islice(_drawn(own, count), self.num_samples)
        rounds = -(-self.num_samples // max(count, 1))
        orders = (rng.permutation(count).tolist() for _ in range(rounds))
        return itertools.islice(itertools.chain.from_iterable(orders), self.num_samples)

    def __len__(self) -> int:
        return self.num_samples


def _drawn(rng: np.random.Generator, count: int) -> Iterator[int]:
    """Indices below `count` without end, a few at a time: who wants batches forever asks for more than memory holds."""
    while True:
        yield from rng.integers(count, size=1024).tolist()


class SubsetRandomSampler(Sampler):
    """The given indices in a new random order every epoch."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self.generator = None if generator is None else random.generator(generator)

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in random.generator(self.generator).permutation(len(self.indices)))

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
        self.generator = None if generator is None else random.generator(generator)

    def __iter__(self) -> Iterator[int]:
        shares = self.weights / self.weights.sum()
        rng = random.generator(self.generator)
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


class DistributedSampler(Sampler):
    """A rank's part of the indices of an epoch, where several ranks train together, as in PyTorch.

    All ranks draw the same order, and rank r takes every `num_replicas`-th index from r on. All take equally many:
    where the number does not divide, the first indices come twice, or with `drop_last` the last ones are left out.

    num_replicas, rank: how many ranks there are and which one this is, or None for those of the process group.
    seed: the order is drawn from seed + epoch, so call `set_epoch` before each epoch (a Trainer does).
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.dataset = dataset
        self.num_replicas, self.rank = _replicas("DistributedSampler", num_replicas, rank)
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0
        full, rest = divmod(len(dataset), self.num_replicas)
        self.num_samples = full if drop_last or not rest else full + 1
        self.total_size = self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        order = np.random.default_rng(self.seed + self.epoch).permutation(count) if self.shuffle else np.arange(count)
        return iter(np.resize(order, self.total_size)[self.rank :: self.num_replicas].tolist())

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next: each has an order of its own, the same on all ranks."""
        self.epoch = epoch


class DistributedBatchSampler(Sampler):
    """A rank's part of each batch of another batch sampler, which must give all ranks the same batches.

    So n ranks see together just the batches that one process would. Rank r takes every `num_replicas`-th index from r
    on; a batch of fewer indices than ranks leaves some without. `DataParallelTrainer` weighs the parts by their sizes.

    num_replicas, rank: how many ranks there are and which one this is, or None for those of the process group.
    """

    def __init__(self, batch_sampler: BatchSampler, num_replicas: int | None = None, rank: int | None = None) -> None:
        if not hasattr(batch_sampler, "sampler"):
            raise TypeError(
                f"DistributedBatchSampler: expected a BatchSampler, got a {type(batch_sampler).__name__}. It makes "
                "batches of a sampler's indices: BatchSampler(sampler, batch_size, drop_last=False)."
            )
        self.batch_sampler = batch_sampler
        self.sampler = batch_sampler.sampler
        self.num_replicas, self.rank = _replicas("DistributedBatchSampler", num_replicas, rank)
        if self.num_replicas > 1 and getattr(self.sampler, "generator", ...) is None:
            raise ValueError(
                f"DistributedBatchSampler: the {type(self.sampler).__name__} draws from the library's random stream, "
                "which each rank has to itself. Give it a seed, generator=0, so that all ranks draw the same batches."
            )

    def __iter__(self) -> Iterator[list]:
        parts = (batch[self.rank :: self.num_replicas] for batch in self.batch_sampler)
        return (part for part in parts if part)

    def __len__(self) -> int:
        return len(self.batch_sampler)


def _replicas(name: str, num_replicas: int | None, rank: int | None) -> tuple[int, int]:
    """How many ranks there are, and which one this is."""
    if (num_replicas is None or rank is None) and not distributed.is_initialized():
        raise RuntimeError(
            f"{name}: there is no process group. Call distributed.init_process_group() first, or give num_replicas and "
            "rank."
        )
    count = distributed.get_world_size() if num_replicas is None else _count(name, num_replicas, "num_replicas")
    place = distributed.get_rank() if rank is None else rank
    if not 0 <= place < count:
        raise ValueError(f"{name}: rank must lie in 0..{count - 1} for {count} ranks, got {place}.")
    return count, place


def _count(name: str, number: int, what: str = "num_samples") -> int:
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{name}: {what} must be a whole number, at least 1, got {number!r}.")
    return int(number)
