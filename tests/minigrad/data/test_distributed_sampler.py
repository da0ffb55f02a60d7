"""A rank's part of an epoch, and of each batch. What is said of PyTorch's sampler holds for ours."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import BatchSampler, DistributedBatchSampler, DistributedSampler, RandomSampler, SequentialSampler

LENGTHS, REPLICAS = (0, 1, 2, 5, 12, 13, 64), (1, 2, 3, 5, 8)
CASES = [*itertools.product(LENGTHS, REPLICAS, (False, True))]


@pytest.fixture(params=["minigrad", "torch"])
def kind(request):
    """The sampler of each library."""
    if request.param == "minigrad":
        return DistributedSampler
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from torch.utils.data.distributed import DistributedSampler as Theirs

    return Theirs


def parts(kind, length, replicas, **settings):
    """What each rank gets."""
    return [list(kind(range(length), replicas, rank, **settings)) for rank in range(replicas)]


def test_without_shuffling_each_rank_gets_the_indices_that_pytorch_gives_it():
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from torch.utils.data.distributed import DistributedSampler as Theirs

    for length, replicas, drop_last in CASES:
        settings = {"shuffle": False, "drop_last": drop_last}
        ours, theirs = (parts(one, length, replicas, **settings) for one in (DistributedSampler, Theirs))
        assert ours == theirs, (length, replicas, drop_last)
        for rank in range(replicas):
            one, other = (
                sampler(range(length), replicas, rank, **settings) for sampler in (DistributedSampler, Theirs)
            )
            assert (len(one), one.num_samples, one.total_size) == (len(other), other.num_samples, other.total_size)


def test_shuffled_the_ranks_deal_out_one_order_of_all(kind):
    for length, replicas, drop_last in CASES:
        hands = parts(kind, length, replicas, seed=3, drop_last=drop_last)
        assert {len(hand) for hand in hands} == {length // replicas if drop_last else -(-length // replicas)}
        dealt = [index for round_ in zip(*hands, strict=True) for index in round_]
        once, again = dealt[:length], dealt[length:]
        assert len(set(once)) == len(once) and set(once) <= set(range(length))
        assert again == (once * replicas)[: len(again)]  # who lacks one gets the first ones again


def test_each_epoch_and_each_seed_has_an_order_of_its_own_that_can_be_had_again(kind):
    def order(epoch, seed=0):
        sampler = kind(range(40), 2, 0, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    one = kind(range(40), 2, 0)
    assert list(one) == list(one) == order(0)  # it is the epoch that counts, not how often it was asked
    orders = [order(0), order(1), order(2), order(0, seed=9)]
    assert all(mine != other for mine, other in itertools.combinations(orders, 2))
    assert order(2) == orders[2]


def test_a_rank_that_there_is_not_is_refused(kind):
    for rank in (2, -1):
        with pytest.raises(ValueError, match=f"{rank}"):
            kind(range(4), 2, rank)


def test_without_a_process_group_the_number_of_ranks_must_be_told():
    for make in (lambda: DistributedSampler(range(4)), lambda: DistributedSampler(range(4), rank=0)):
        with pytest.raises(
            RuntimeError, match=r"^DistributedSampler: there is no process group. Call distributed.init"
        ):
            make()


def test_the_ranks_have_together_each_batch_of_one_process():
    def batches():
        return BatchSampler(RandomSampler(range(23), generator=4), 8, drop_last=False)

    ranks = [list(DistributedBatchSampler(batches(), 3, rank)) for rank in range(3)]
    for whole, *hands in zip(batches(), *ranks, strict=True):
        assert sorted(itertools.chain(*hands)) == sorted(whole)
        assert max(map(len, hands)) - min(map(len, hands)) <= 1
    tiny = [list(DistributedBatchSampler(BatchSampler(SequentialSampler(range(5)), 4, False), 3, r)) for r in range(3)]
    assert tiny == [[[0, 3], [4]], [[1]], [[2]]]  # in the last batch one rank has an index


def test_an_order_that_each_rank_would_draw_for_itself_is_refused():
    batches = BatchSampler(RandomSampler(range(23)), 8, drop_last=False)
    with pytest.raises(ValueError, match=r"the RandomSampler draws from the library's random stream.*generator=0"):
        DistributedBatchSampler(batches, 3, 0)
    assert len(list(DistributedBatchSampler(batches, 1, 0))) == 3


def test_a_sampler_of_indices_is_no_sampler_of_batches():
    with pytest.raises(
        TypeError, match=r"^DistributedBatchSampler: expected a BatchSampler, got a RandomSampler\. It m"
    ):
        DistributedBatchSampler(RandomSampler(range(23)), 3, 0)


class Drawing(mg.data.Sampler):
    """A user's own sampler that draws."""

    def __init__(self, generator):
        self.generator = generator

    def __iter__(self):
        return iter(mg.randperm(6, generator=self.generator).tolist())

    def __len__(self):
        return 6


def test_a_sampler_of_ones_own_is_asked_for_its_generator_too():
    with pytest.raises(ValueError, match=r"the Drawing draws from the library's random stream"):
        DistributedBatchSampler(BatchSampler(Drawing(None), 4, drop_last=False), 2, 0)
    stream = mg.Generator().manual_seed(3)
    loader = mg.data.DataLoader(
        mg.data.TensorDataset(mg.arange(6)),
        batch_sampler=DistributedBatchSampler(BatchSampler(Drawing(stream), 4, drop_last=False), 2, 0),
    )
    before = loader.state_dict()
    first = [batch[0].tolist() for batch in loader]
    assert [batch[0].tolist() for batch in loader] != first
    loader.load_state_dict(before)
    assert [batch[0].tolist() for batch in loader] == first


def test_it_may_be_a_loaders_sampler():
    data = mg.data.TensorDataset(mg.arange(7))
    loaders = [mg.data.DataLoader(data, 2, sampler=DistributedSampler(data, 2, rank)) for rank in range(2)]
    seen = [np.concatenate([batch[0].array for batch in loader]) for loader in loaders]
    assert [len(one) for one in seen] == [4, 4] and set(np.concatenate(seen)) == set(range(7))
