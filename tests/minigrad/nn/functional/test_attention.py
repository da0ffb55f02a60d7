"""Attention: who sees whom, what a query that sees nobody gets, dropout of the weights, and what is refused."""

import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.backend import DtypeError, ShapeError
from tests.minigrad.parity import agrees_with_torch, draw, draws

MASK = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]], bool)
THREE_FOUR = ((2, 3, 5), (2, 4, 5), (2, 4, 6))  # 3 queries, 4 keys and values


def attention(**settings):
    return lambda lib, q, k, v, *mask: lib.nn.functional.scaled_dot_product_attention(q, k, v, *mask, **settings)


@pytest.mark.parametrize("settings", [{}, {"is_causal": True}, {"scale": 2.0}, {"scale": 0}], ids=str)
@pytest.mark.parametrize(
    "shapes",
    [
        THREE_FOUR,
        ((3, 5), (4, 5), (4, 6)),
        ((4, 5), (3, 5), (3, 6)),  # more queries than keys
        ((2, 1, 3, 5), (1, 3, 4, 5), (4, 6)),  # batches that broadcast
        ((1, 1), (1, 1), (1, 1)),
        ((3, 0), (4, 0), (4, 6)),
        ((3, 5), (0, 5), (0, 6)),  # no key
        ((0, 5), (4, 5), (4, 6)),  # no query
    ],
    ids=str,
)
def test_values_and_gradients_are_torchs(shapes, settings):
    agrees_with_torch(attention(**settings), *draws(*shapes))


def test_a_bool_mask_says_who_is_seen_and_a_query_that_sees_nobody_gets_zero():
    inputs = draws(*THREE_FOUR)
    agrees_with_torch(attention(), *inputs, MASK)
    q, k, v = (mg.tensor(array, requires_grad=True) for array in inputs)
    out = F.scaled_dot_product_attention(q, k, v, mg.tensor(MASK))
    np.testing.assert_array_equal(out[:, 1].detach(), 0)
    np.testing.assert_allclose(out[:, 2].detach(), inputs[2][:, 0])
    out.sum().backward()
    np.testing.assert_array_equal(q.grad[:, 1].numpy(), 0)
    np.testing.assert_array_equal(v.grad[:, 2].numpy(), 0)


def test_a_float_mask_is_added_and_learned():
    inputs = draws(*THREE_FOUR, (3, 4))
    agrees_with_torch(attention(), *inputs)
    inputs[3][~MASK] = -math.inf
    agrees_with_torch(attention(), *inputs)
    agrees_with_torch(attention(), *draws(*THREE_FOUR), draw(4).astype(np.float32), rtol=1e-6)


def test_the_future_is_not_seen():
    q, k, v = (mg.tensor(array) for array in draws((4, 5), (4, 5), (4, 6)))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    k[2:], v[2:] = 7.0, math.inf
    np.testing.assert_array_equal(F.scaled_dot_product_attention(q, k[:2], v[:2], is_causal=True)[:2], out[:2])


@pytest.mark.parametrize("heads", [(6, 3), (6, 1), (6, 6)])
def test_several_heads_of_a_query_share_one_of_the_keys(heads):
    shapes = ((2, heads[0], 3, 5), (2, heads[1], 4, 5), (2, heads[1], 4, 6))
    agrees_with_torch(attention(enable_gqa=True), *draws(*shapes))


def test_dropout_sets_weights_to_zero_and_keeps_their_mean():
    mg.manual_seed(0)
    q, k, v = mg.zeros(200, 1), mg.zeros(100, 1), mg.ones(100, 1)
    out = F.scaled_dot_product_attention(q, k, v, dropout_p=0.75).numpy()
    assert abs(out.mean() - 1) < 0.03 and out.std() > 0.1
    np.testing.assert_array_equal(np.round(out * 25), np.round(out * 25, 3))  # each weight is 0 or 4 / 100
    np.testing.assert_array_equal(F.scaled_dot_product_attention(q, k, v, dropout_p=1.0), 0)


def test_gradients_are_the_slopes():
    q, k, v = (mg.tensor(array, requires_grad=True) for array in draws((3, 2), (4, 2), (4, 3)))
    assert gradcheck(lambda *given: F.scaled_dot_product_attention(*given, mg.tensor(MASK)), (q, k, v))


@pytest.mark.parametrize(
    ("shapes", "settings", "kind", "text"),
    [
        (((5,), (4, 5), (4, 6)), {}, ShapeError, r"expected query \(\*, L, E\).* got \(5,\), \(4, 5\) and \(4, 6\)"),
        (((3, 5), (4, 4), (4, 6)), {}, ShapeError, r"expected query"),
        (((3, 5), (4, 5), (3, 6)), {}, ShapeError, r"expected query"),
        (((3, 5), (4, 5), (4, 6)), {"enable_gqa": True}, ShapeError, r"enable_gqa needs"),
        (((6, 3, 5), (4, 4, 5), (4, 4, 6)), {"enable_gqa": True}, ShapeError, r"a multiple .* \(6, 3, 5\)"),
        (((3, 5), (4, 5), (4, 6)), {"dropout_p": 1.5}, ValueError, r"scaled_dot_product_attention: p is a probability"),
        (((3, 5), (4, 5), (4, 6)), {"attn_mask": mg.zeros(4, 3)}, ShapeError, r"must broadcast to the scores \(3, 4\)"),
        (((3, 5), (4, 5), (4, 6)), {"attn_mask": mg.zeros(2, 3, 4)}, ShapeError, r"got \(2, 3, 4\)"),
        (((3, 5), (4, 5), (4, 6)), {"attn_mask": mg.ones(3, 4).long()}, DtypeError, r"must be bool, or float .* int64"),
        (((3, 5), (4, 5), (4, 6)), {"attn_mask": mg.zeros(3, 4), "is_causal": True}, ValueError, r"put both into one"),
    ],
)
def test_what_does_not_fit_is_refused(shapes, settings, kind, text):
    with pytest.raises(kind, match=text):
        F.scaled_dot_product_attention(*(mg.zeros(shape) for shape in shapes), **settings)


def test_dtypes_are_not_mixed():
    with pytest.raises(DtypeError, match=r"one floating-point dtype, got float32, float64 and float32"):
        F.scaled_dot_product_attention(mg.ones(2, 2), mg.ones(2, 2).double(), mg.ones(2, 2))
    with pytest.raises(TypeError, match=r"scaled_dot_product_attention: .*list"):
        F.scaled_dot_product_attention([[1.0]], mg.ones(1, 1), mg.ones(1, 1))
