import numpy as np
import pytest

import minigrad as mg
from minigrad.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, random_split


def test_sample_i_is_row_i_of_each_tensor():
    dataset = TensorDataset(mg.arange(6).reshape(3, 2), mg.tensor([7, 8, 9]))
    assert len(dataset) == 3
    x, y = dataset[1]
    assert (x.tolist(), y.item()) == ([2, 3], 8)
    assert [y.item() for _, y in (dataset[i] for i in range(3))] == [7, 8, 9]
    assert [part.tolist() for part in dataset.take(np.array([2, 0]))] == [[[4, 5], [0, 1]], [9, 7]]
    with pytest.raises(IndexError):
        dataset[3]


def test_arrays_are_shared_and_batches_are_copies():
    array = np.zeros((3, 2))
    dataset = TensorDataset(array)
    assert dataset.tensors[0].array is array
    (batch,) = dataset.take(np.array([0, 1]))
    batch.fill_(1)
    assert not array.any()


def test_the_graph_of_a_tensor_goes_through_a_batch():
    x = mg.ones(3, 2, requires_grad=True)
    (batch,) = TensorDataset(x).take(np.array([2, 2]))
    batch.sum().backward()
    assert x.grad.tolist() == [[0, 0], [0, 0], [2, 2]]


def test_unequal_lengths_and_no_tensors_are_refused():
    with pytest.raises(ValueError, match=r"tensors of one length, got lengths \[3, 2\]"):
        TensorDataset(mg.ones(3), mg.ones(2))
    with pytest.raises(ValueError, match=r"got lengths \[\]"):
        TensorDataset()


def test_a_dataset_must_have_a_length_and_items():
    for use in (len, lambda dataset: dataset[0]):
        with pytest.raises(NotImplementedError, match="Dataset needs a method"):
            use(Dataset())


def test_a_subset_is_the_samples_it_names_one_by_one_and_in_batches():
    whole = TensorDataset(mg.arange(10) * 10)
    part = Subset(whole, [7, 2, 5])
    assert len(part) == 3 and [row.item() for (row,) in (part[i] for i in range(3))] == [70, 20, 50]
    assert [batch[0].tolist() for batch in DataLoader(part, 2)] == [[70, 20], [50]]
    assert [batch.tolist() for batch in DataLoader(Subset([1, 2, 3], [2, 0]), 2)] == [[3, 1]]


@pytest.mark.parametrize(("lengths", "counts"), [([7, 3], [7, 3]), ([0.5, 0.25, 0.25], [4, 3, 3]), ([1.0], [10]),
                                                 ([0.33, 0.33, 0.34], [4, 3, 3])])  # fmt: skip
def test_a_random_split_puts_each_sample_in_one_part(torch, lengths, counts):
    if len(lengths) == 3 and lengths[0] == 0.5:
        counts = [len(part) for part in torch.utils.data.random_split(range(10), lengths)]
    parts = random_split(list(range(10)), lengths, generator=42)
    assert [len(part) for part in parts] == counts
    assert sorted(sample for part in parts for sample in (part[i] for i in range(len(part)))) == list(range(10))
    again = random_split(list(range(10)), lengths, generator=42)
    assert [part.indices for part in again] == [part.indices for part in parts]


@pytest.mark.parametrize("lengths", [[7, 4], [0.5, 0.6], [-1, 11], [2.5, 7.5]])
def test_lengths_that_do_not_fit_are_refused(lengths):
    with pytest.raises(ValueError, match="random_split: lengths must sum to 10"):
        random_split(list(range(10)), lengths)


def test_datasets_one_after_another():
    whole = ConcatDataset([[1, 2], [], [3]])
    assert [whole[i] for i in range(len(whole))] == [1, 2, 3] and whole[-1] == 3
    for wrong in (3, -4):
        with pytest.raises(IndexError, match="ConcatDataset: index must lie in"):
            whole[wrong]
