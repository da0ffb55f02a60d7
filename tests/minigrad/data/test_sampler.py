"""Samplers: which indices come, how often, and that a seed decides their order."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

RANDOM = {
    "all": lambda generator: RandomSampler(range(50), generator=generator),
    "with replacement": lambda generator: RandomSampler(range(50), True, 40, generator),
    "subset": lambda generator: SubsetRandomSampler(list(range(100, 150)), generator),
    "weighted": lambda generator: WeightedRandomSampler([1.0] * 50, 40, generator=generator),
}


@pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
def test_a_seed_decides_and_every_epoch_is_another(make):
    sampler, again = make(3), make(3)
    epochs = [list(sampler), list(sampler)]
    assert epochs == [list(again), list(again)] and epochs[0] != epochs[1]
    assert all(len(epoch) == len(sampler) for epoch in epochs)
    assert list(make(4)) != epochs[0]
    mg.manual_seed(0)
    first = list(make(None))
    mg.manual_seed(0)
    assert list(make(None)) == first


def test_orders_hold_every_index_once_and_begin_anew_when_more_are_wanted():
    assert list(SequentialSampler("abc")) == [0, 1, 2] and len(SequentialSampler("abc")) == 3
    assert sorted(RandomSampler(range(9))) == list(range(9))
    assert len(set(RandomSampler(range(9), num_samples=4))) == 4
    drawn = list(RandomSampler(range(5), num_samples=12))
    assert sorted(drawn[:5]) == sorted(drawn[5:10]) == list(range(5)) and len(set(drawn[10:])) == 2
    assert sorted(SubsetRandomSampler([7, 3, 5])) == [3, 5, 7]
    assert list(RandomSampler([])) == []


def test_weights_are_how_often_an_index_comes():
    drawn = np.bincount(list(WeightedRandomSampler(mg.tensor([1.0, 0.0, 3.0]), 20_000, generator=0)), minlength=3)
    assert drawn[1] == 0 and abs(drawn[2] / drawn.sum() - 0.75) < 0.015  # five standard deviations
    assert sorted(WeightedRandomSampler([1, 0, 5, 2], 3, replacement=False)) == [0, 2, 3]


def test_batches_are_lists_of_a_samplers_indices():
    assert list(BatchSampler(SequentialSampler(range(5)), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(SequentialSampler(range(5)), 2, True)) == [[0, 1], [2, 3]]
    assert [len(BatchSampler(range(n), 2, drop)) for n in (4, 5) for drop in (False, True)] == [2, 2, 3, 2]


def test_a_loader_goes_by_its_sampler():
    dataset = TensorDataset(mg.arange(6))
    loader = DataLoader(dataset, 4, sampler=RandomSampler(dataset, generator=1))
    assert [[*batch[0].tolist()] for batch in loader] != [[*batch[0].tolist()] for batch in loader]
    loader = DataLoader(dataset, batch_sampler=BatchSampler(SequentialSampler(dataset), 4, True))
    assert [batch[0].tolist() for batch in loader] == [[0, 1, 2, 3]] and len(loader) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomSampler(range(3), num_samples=0), "RandomSampler: num_samples must be"),
        (lambda: WeightedRandomSampler([1.0], True), "WeightedRandomSampler: num_samples must be"),
        (lambda: WeightedRandomSampler([1.0, -1.0], 2), "WeightedRandomSampler: expected one finite weight"),
        (lambda: WeightedRandomSampler([0.0, 0.0], 2), "WeightedRandomSampler: expected one finite weight"),
        (lambda: WeightedRandomSampler([1.0, np.nan], 2), "WeightedRandomSampler: expected one finite weight"),
        (lambda: WeightedRandomSampler([1.0, 0.0], 2, False), "WeightedRandomSampler: without replacement, 2"),
        (lambda: BatchSampler(range(3), 0, False), "BatchSampler: batch_size must be"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


def test_a_sampler_says_what_it_needs():
    with pytest.raises(NotImplementedError, match="__iter__"):
        iter(Sampler())
    with pytest.raises(NotImplementedError, match="__len__"):
        len(Sampler())


def test_a_sampler_without_end_draws_as_it_goes():
    sampler = RandomSampler(range(5), replacement=True, num_samples=int(1e10), generator=0)
    assert len(sampler) == 10**10
    drawn = list(itertools.islice(sampler, 3000))
    assert np.bincount(drawn, minlength=5).min() > 500


def test_what_is_drawn_meanwhile_does_not_change_a_sampler():
    def drawn(disturb):
        mg.manual_seed(0)
        order = iter(RandomSampler(range(50), replacement=True, num_samples=3000))
        first = next(order)
        if disturb:
            mg.rand(10)
        return [first, *order]

    assert drawn(disturb=True) == drawn(disturb=False)
