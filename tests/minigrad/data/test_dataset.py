import numpy as np
import pytest

import minigrad as mg
from minigrad.data import Dataset, TensorDataset


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
