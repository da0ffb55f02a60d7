"""`DataLoader`: batches of a dataset, in order, shuffled from a seed, or as a sampler says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad import random
from minigrad.backend import Number, ShapeError, is_array
from minigrad.creation import as_tensor
from minigrad.data.dataset import Dataset
from minigrad.data.sampler import BatchSampler
from minigrad.functions.pieces import stack
from minigrad.kinds import Checked, checked
from minigrad.tensor import Tensor


class DataLoader(Checked):
    """Iterate over it once an epoch.

    shuffle: a new random order every epoch, drawn from `generator`: a seed, a NumPy Generator, or None for the
        library's (`mg.manual_seed`). Only the order is shuffled; the data stays where it is.
    sampler: the indices of an epoch, in place of `shuffle`: a Sampler, a list.
    batch_sampler: lists of indices, a batch each, in place of all of `batch_size`, `shuffle`, `sampler`, `drop_last`.
    batch_size: None gives the samples one by one as they are, not in batches; arrays become tensors.
    drop_last: leave out a last batch that is smaller than `batch_size`.
    collate_fn: makes a batch of a list of samples; by default tensors, arrays and numbers are stacked, and tuples,
        lists and dicts collected part by part. (Python's floats become float32, like everywhere in this library.)
    num_workers, pin_memory: taken for the sake of PyTorch's scripts; batches are always made here, when asked for. What
        goes to a GPU goes through pinned memory (CuPy's own), and nobody waits for it: while the GPU calculates a step,
        the next batch is made.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int | None = 1,
        shuffle: bool | None = False,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        *,
        drop_last: bool = False,
        generator: np.random.Generator | int | None = None,
        collate_fn: Callable[[list], Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: a sampler decides the order, so shuffle must be left out.")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "DataLoader: a batch_sampler decides the batches, so batch_size, shuffle, sampler and drop_last "
                    "must be left out."
                )
            batch_size = None
        elif batch_size is None:
            if drop_last:
                raise ValueError("DataLoader: batch_size=None makes no batches, so drop_last must be left out.")
        elif batch_size < 1:
            raise ValueError(f"DataLoader: batch_size must be at least 1, got {batch_size}.")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = bool(shuffle)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self.generator = None if generator is None else random.generator(generator)

    def __len__(self) -> int:
        """The number of batches."""
        if self.batch_sampler is not None:
            return len(self.batch_sampler)  # type: ignore[arg-type]
        count = len(self.dataset if self.sampler is None else self.sampler)  # type: ignore[arg-type]
        if self.batch_size is None:
            return count
        full, rest = divmod(count, self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self) -> Iterator[Any]:
        if self.batch_sampler is None and self.batch_size is None:
            return ((self.collate_fn or convert)(self.dataset[int(index)]) for index in self._order())
        return (self._fetch(indices) for indices in self._batches())

    def state_dict(self) -> dict[str, Any]:
        """Where the random streams of its own stand, which decide the order of the epochs to come."""
        return {name: random.get_state(stream) for name, stream in self._streams().items()}

    @checked
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on with the order of the epochs where a `state_dict()` was taken."""
        streams = self._streams()
        if set(streams) != set(state_dict):
            raise ValueError(
                f"DataLoader.load_state_dict: expected the state of {sorted(streams)}, got {sorted(state_dict)}."
            )
        for name, stream in streams.items():
            random.set_state(state_dict[name], stream)

    def _streams(self) -> dict[str, random.Generator | np.random.Generator]:
        """The random streams that it does not share with the library."""
        sources = {"loader": self, "sampler": self.sampler, "batch_sampler": self.batch_sampler}
        sources["batch_sampler.sampler"] = getattr(self.batch_sampler, "sampler", None)
        own = {name: getattr(source, "generator", None) for name, source in sources.items()}
        kinds = (random.Generator, np.random.Generator)  # a sampler of the user's may mean something else by the name
        return {name: stream for name, stream in own.items() if isinstance(stream, kinds)}

    def _order(self) -> Any:
        """The indices of an epoch."""
        if self.sampler is not None:
            return self.sampler
        count = len(self.dataset)
        return random.generator(self.generator).permutation(count) if self.shuffle else np.arange(count)

    def _batches(self) -> Iterable[Any]:
        """The indices of an epoch, batch by batch."""
        if self.batch_sampler is not None:
            return self.batch_sampler
        order: Any = self._order()
        size: Any = self.batch_size
        if not isinstance(order, np.ndarray):
            return BatchSampler(order, size, self.drop_last)
        return (order[batch * size : (batch + 1) * size] for batch in range(len(self)))

    def _fetch(self, indices: Sequence[int]) -> Any:
        if self.collate_fn is None and hasattr(self.dataset, "take"):
            return self.dataset.take(np.asarray(indices, np.int64))
        samples = [self.dataset[int(index)] for index in indices]
        return (self.collate_fn or default_collate)(samples)


def default_collate(samples: Sequence[Any]) -> Any:
    """One batch of a list of samples, stacked along a new first axis: what a DataLoader without `collate_fn` does.

    Tensors, arrays and numbers become tensors; tuples, lists and dicts are gone into; of text comes a list.
    """
    first = samples[0]
    if isinstance(first, Tensor):
        return stack(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        lengths = sorted({len(sample) for sample in samples})
        if len(lengths) > 1:
            raise ShapeError(
                f"DataLoader: the samples of a batch must have equally many parts, got {lengths[0]} and {lengths[-1]}. "
                "Pad them, or give a collate_fn that makes a batch of a list of such."
            )
        parts = [default_collate(part) for part in zip(*samples, strict=True)]
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


def convert(sample: Any) -> Any:
    """A sample as it is, but with tensors for the arrays in it."""
    if isinstance(sample, Mapping):
        return {key: convert(value) for key, value in sample.items()}
    if isinstance(sample, (tuple, list)):
        parts = [convert(part) for part in sample]
        return type(sample)(*parts) if hasattr(sample, "_fields") else parts
    return as_tensor(sample) if is_array(sample) or isinstance(sample, np.generic) else sample
