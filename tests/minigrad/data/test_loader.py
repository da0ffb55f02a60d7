import tracemalloc
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import DataLoader, Dataset, TensorDataset, default_collate


class Squares(Dataset):
    """Sample i: (i, i²), one at a time."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        assert type(index) is int
        return index, index**2


def numbers(count=10):
    return TensorDataset(mg.arange(count))


def epoch(loader):
    return [batch[0].tolist() for batch in loader]


@pytest.mark.parametrize("dataset", [numbers(), Squares(10)], ids=["take", "items"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 99])
def test_every_sample_comes_once_an_epoch(dataset, shuffle, batch_size):
    loader = DataLoader(dataset, batch_size, shuffle)
    for _ in range(2):
        batches = epoch(loader)
        assert sorted(index for batch in batches for index in batch) == list(range(10))
        assert len(batches) == len(loader) == -(-10 // batch_size)
        assert all(len(batch) == batch_size for batch in batches[:-1])


def test_without_shuffle_the_order_is_the_datasets():
    assert epoch(DataLoader(numbers(5), 2)) == [[0, 1], [2, 3], [4]]


def test_drop_last_leaves_out_a_smaller_last_batch_only():
    assert epoch(DataLoader(numbers(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert len(DataLoader(numbers(5), 2, drop_last=True)) == 2
    assert epoch(DataLoader(numbers(4), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert epoch(DataLoader(numbers(1), 2, drop_last=True)) == []


def test_an_empty_dataset_has_no_batch():
    for shuffle in (False, True):
        loader = DataLoader(numbers(0), 4, shuffle)
        assert len(loader) == 0 and epoch(loader) == []


def test_a_seed_decides_the_order_and_every_epoch_has_another():
    def two_epochs(generator):
        loader = DataLoader(numbers(50), 7, shuffle=True, generator=generator)
        return epoch(loader), epoch(loader)

    first, second = two_epochs(3)
    assert first != second
    mg.manual_seed(9)
    assert two_epochs(3) == (first, second)
    assert two_epochs(np.random.default_rng(3)) == (first, second)
    assert two_epochs(4) != (first, second)


def test_the_librarys_seed_governs_shuffling_by_default_alone():
    loader = DataLoader(numbers(50), 7, shuffle=True)
    orders = []
    for seed in (1, 1, 2):
        mg.manual_seed(seed)
        orders.append((epoch(loader), epoch(loader)))
    assert orders[0] == orders[1] != orders[2] and orders[0][0] != orders[0][1]
    mg.manual_seed(1)
    drawn = mg.rand(3).tolist()
    mg.manual_seed(1)
    epoch(DataLoader(numbers(), 2))
    epoch(DataLoader(numbers(), 2, shuffle=True, generator=0))
    assert mg.rand(3).tolist() == drawn


def test_two_passes_at_once_do_not_disturb_each_other():
    loader = DataLoader(numbers(4), 2)
    assert [(a[0].tolist(), b[0].tolist()) for a, b in zip(loader, loader, strict=True)] == [
        ([0, 1], [0, 1]),
        ([2, 3], [2, 3]),
    ]


def test_batches_are_taken_from_the_dataset_in_one_go():
    asked = []

    class Taken(Squares):
        def take(self, indices):
            asked.append((indices.dtype, indices.tolist()))
            return "batch"

        def __getitem__(self, index):
            raise AssertionError("one by one")

    assert list(DataLoader(Taken(3), 2)) == ["batch", "batch"]
    assert asked == [(np.int64, [0, 1]), (np.int64, [2])]


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_copies_batches_and_never_the_whole_set(shuffle):
    data = np.zeros((2000, 1000), np.float32)  # 8 MB, batches of 80 kB
    loader = DataLoader(TensorDataset(data, np.zeros(2000, np.int64)), 20, shuffle)
    tracemalloc.start()
    try:
        for batch in loader:
            assert not np.shares_memory(batch[0].array, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 400_000


Pair = namedtuple("Pair", "x y")


@pytest.mark.parametrize(("samples", "expected", "dtype"), [
    ([1, 2], [1, 2], mg.int64),
    ([True, False], [True, False], mg.bool),
    ([0.5, 1.5], [0.5, 1.5], mg.float32),
    ([np.float64(0.5), np.float64(1.5)], [0.5, 1.5], mg.float64),
    ([np.uint8(3), np.uint8(4)], [3, 4], mg.uint8),
    ([np.ones((2, 1)), np.zeros((2, 1))], [[[1], [1]], [[0], [0]]], mg.float64),
    ([np.array(1, np.int32), np.array(2, np.int32)], [1, 2], mg.int32),
    ([mg.ones(2), mg.zeros(2)], [[1, 1], [0, 0]], mg.float32),
    ([mg.tensor(3), mg.tensor(4)], [3, 4], mg.int64),
], ids=str)  # fmt: skip
def test_numbers_arrays_and_tensors_are_stacked(samples, expected, dtype):
    (batch,) = DataLoader(samples, 2)
    assert isinstance(batch, mg.Tensor) and batch.dtype == dtype and batch.tolist() == expected


def test_tuples_lists_dicts_and_text_are_collected_part_by_part():
    (batch,) = DataLoader([(1, [2, 3]), (4, [5, 6])], 2)
    assert batch[0].tolist() == [1, 4] and [part.tolist() for part in batch[1]] == [[2, 5], [3, 6]]
    (batch,) = DataLoader([{"x": 1, "name": "a"}, {"name": "b", "x": 2}], 2)
    assert batch["x"].tolist() == [1, 2] and batch["name"] == ["a", "b"]
    (batch,) = DataLoader([Pair(1, 2), Pair(3, 4)], 2)
    assert isinstance(batch, Pair) and batch.y.tolist() == [2, 4]


def test_collecting_is_pytorchs(torch):
    samples = [{"a": (np.float32(i), i), "b": np.full((2, 3), i), "c": [f"{i}"]} for i in range(3)]
    (ours,), (theirs,) = DataLoader(samples, 3), torch.utils.data.DataLoader(samples, 3)
    assert ours.keys() == theirs.keys()
    for mine, other in [*zip(ours["a"], theirs["a"], strict=True), (ours["b"], theirs["b"])]:
        assert mine.tolist() == other.tolist() and str(mine.dtype) == str(other.dtype).removeprefix("torch.")
    assert [list(part) for part in ours["c"]] == [list(part) for part in theirs["c"]]


def test_a_collate_fn_is_given_the_list_of_samples_even_when_the_dataset_has_take():
    assert list(DataLoader([1, 2, 3], 2, collate_fn=sum)) == [3, 3]
    rows = list(DataLoader(numbers(3), 2, collate_fn=lambda samples: [row.item() for (row,) in samples]))
    assert rows == [[0, 1], [2]]


def test_the_default_collate_may_be_a_part_of_ones_own():
    def named(samples):  # as lessons have it, where a data set gives dicts
        return tuple(default_collate(samples)[key] for key in ("image", "label"))

    images, labels = next(
        iter(DataLoader([{"image": mg.ones(2) * i, "label": i} for i in range(4)], 3, collate_fn=named))
    )
    assert (images.tolist(), labels.tolist()) == ([[0, 0], [1, 1], [2, 2]], [0, 1, 2])


def test_samples_that_do_not_go_together_are_refused():
    for odd in ([np.ones(2), np.ones(3)], [mg.ones(2), mg.ones(3)]):
        with pytest.raises(ValueError, match="stack"):
            list(DataLoader(odd, 2))
    with pytest.raises(
        ValueError, match=r"^DataLoader: .* equally many parts, got 1 and 2\. Pad them, or give a colla"
    ):
        list(DataLoader([(1, 2), (3,)], 2))
    for what in (None, Path("x")):
        with pytest.raises(TypeError, match=f"not of {type(what).__name__}. Give a collate_fn"):
            list(DataLoader([what], 1))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, "2"])
def test_a_batch_size_that_is_no_count_is_refused(batch_size):
    with pytest.raises((ValueError, TypeError), match=f"DataLoader: batch_size must be .* got {batch_size!r}"):
        DataLoader(numbers(), batch_size)


def test_pytorchs_hints_for_speed_are_taken():
    assert epoch(DataLoader(numbers(3), batch_size=np.int64(3), num_workers=2, pin_memory=True)) == [[0, 1, 2]]


@pytest.mark.parametrize("dataset", [numbers(), Squares(10)], ids=["take", "items"])
def test_a_sampler_decides_the_order(dataset):
    loader = DataLoader(dataset, 2, sampler=[7, 1, 1, 4, 0])
    for _ in range(2):
        assert epoch(loader) == [[7, 1], [1, 4], [0]]
    assert len(loader) == 3
    loader = DataLoader(dataset, 2, sampler=[7, 1, 1], drop_last=True)
    assert epoch(loader) == [[7, 1]] and len(loader) == 1


@pytest.mark.parametrize("dataset", [numbers(), Squares(10)], ids=["take", "items"])
def test_a_batch_sampler_decides_the_batches(dataset):
    loader = DataLoader(dataset, batch_sampler=[[3], [1, 2, 0]])
    assert epoch(loader) == [[3], [1, 2, 0]] and len(loader) == 2


def test_without_batches_samples_come_as_they_are_with_tensors_for_arrays(torch):
    import torch.utils.data

    samples = [1, 2.5, "a", np.ones(2), np.float64(3), (1, np.zeros(1)), {"k": np.ones(1)}]
    ours, theirs = (list(lib.DataLoader(samples, batch_size=None)) for lib in (mg.data, torch.utils.data))

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        return [plain(part) for part in value] if isinstance(value, list) else getattr(value, "tolist", lambda: value)()

    assert [type(sample).__name__ for sample in ours] == [type(sample).__name__ for sample in theirs]
    assert plain(ours) == plain(theirs)
    loader = DataLoader(numbers(4), batch_size=None, sampler=[2, 0])
    assert [sample[0].item() for sample in loader] == [2, 0] and len(loader) == 2
    assert list(DataLoader([1, 2], batch_size=None, collate_fn=lambda sample: sample + 1)) == [2, 3]
    assert sorted(DataLoader(range(9), batch_size=None, shuffle=True)) == list(range(9))


@pytest.mark.parametrize(
    "settings",
    [
        {"sampler": [0], "shuffle": True},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_sampler": [[0]], "shuffle": True},
        {"batch_sampler": [[0]], "sampler": [0]},
        {"batch_sampler": [[0]], "drop_last": True},
        {"batch_size": None, "drop_last": True},
    ],
)
def test_settings_that_contradict_each_other_are_refused_as_in_pytorch(torch, settings):
    import torch.utils.data

    with pytest.raises(ValueError, match=r"^DataLoader: .* must be left out"):
        DataLoader(numbers(), **settings)
    with pytest.raises(ValueError, match="mutually exclusive"):
        torch.utils.data.DataLoader(range(10), **settings)
