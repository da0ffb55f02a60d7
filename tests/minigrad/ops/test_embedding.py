"""Rows of a table by number: repeated numbers add up, the padding row learns nothing."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import embedding
from tests.minigrad.parity import agrees_with_torch, draw, slopes_agree


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 4), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("padding_idx", [None, 0, 2, -1])
@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_value_and_gradient_are_torchs(shape, padding_idx, dtype):
    indices = np.random.default_rng(0).integers(0, 4, shape).astype(dtype)

    def look_up(lib, indices, weight):
        return (F if lib is mg else lib.nn.functional).embedding(indices, weight, padding_idx)

    agrees_with_torch(look_up, indices, draw(4, 3))


def test_the_pairs_backward_is_the_slope_of_its_forward():
    slopes_agree(embedding.embedding_forward, embedding.embedding_backward, np.array([[3, 1], [1, 1]]), draw(5, 2))


@pytest.mark.parametrize("wrong", [-1, 4, 99])
def test_a_number_out_of_range_is_named(wrong):
    with pytest.raises(IndexError, match=rf"embedding: indices must lie in 0\.\.3 .* got {wrong}\."):
        F.embedding(mg.tensor([0, wrong]), mg.ones(4, 2))


def test_other_wrong_arguments_are_named():
    with pytest.raises(mg.DtypeError, match="embedding: indices must be integers, got float32"):
        F.embedding(mg.ones(2), mg.ones(4, 2))
    with pytest.raises(mg.ShapeError, match="embedding: weight must be"):
        F.embedding(mg.tensor([0]), mg.ones(4))
    with pytest.raises(IndexError, match="padding_idx must be one of 4 rows, got 4"):
        F.embedding(mg.tensor([0]), mg.ones(4, 2), padding_idx=4)
    with pytest.raises(NotImplementedError, match="max_norm"):
        F.embedding(mg.tensor([0]), mg.ones(4, 2), max_norm=1.0)
