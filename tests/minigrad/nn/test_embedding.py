import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_rows_are_looked_up_and_learned_except_the_padding_row():
    table = nn.Embedding(5, 3, padding_idx=-1)
    assert table.padding_idx == 4 and table.weight[4].tolist() == [0, 0, 0]
    out = table(mg.tensor([[0, 4], [0, 1]]))
    assert out.shape == (2, 2, 3) and out[0, 0].tolist() == table.weight[0].tolist()
    out.sum().backward()
    assert table.weight.grad.tolist() == [[2] * 3, [1] * 3, [0] * 3, [0] * 3, [0] * 3]
    assert repr(table) == "Embedding(5, 3, padding_idx=4)"


def test_it_starts_standard_normal():
    weight = nn.Embedding(300, 100).weight.detach().numpy()
    assert abs(weight.mean()) < 0.02 and abs(weight.std() - 1) < 0.02


def test_a_given_table_is_shared_and_frozen_unless_told_otherwise():
    rows = mg.arange(6).float().reshape(3, 2)
    table = nn.Embedding.from_pretrained(rows)
    assert not table.weight.requires_grad and np.shares_memory(table.weight.array, rows.array)
    assert nn.Embedding.from_pretrained(rows, freeze=False).weight.requires_grad
    with pytest.raises(mg.ShapeError, match="Embedding: a table"):
        nn.Embedding.from_pretrained(mg.ones(3))
    with pytest.raises(IndexError, match="padding_idx must be one of 3 rows, got 3"):
        nn.Embedding(3, 2, padding_idx=3)
    with pytest.raises(NotImplementedError, match="max_norm"):
        nn.Embedding(3, 2, max_norm=1.0)
