"""Directions and rows of a table: every dim and norm, broadcast operands, nothing to divide by, what is refused."""

import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.autograd import gradcheck
from tests.minigrad.parity import agrees_with_torch, draw, draws

TINY = np.stack([np.zeros(4), np.full(4, 1e-14), draw(4)])  # no direction, less than eps, and an ordinary row


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("dim", [0, 1, -1, (0, 2)])
def test_normalize_is_torchs(p, dim):
    agrees_with_torch(lambda lib, x: lib.nn.functional.normalize(x, p, dim), draw(2, 3, 4))


def test_normalize_of_almost_nothing_divides_by_eps():
    agrees_with_torch(lambda lib, x: lib.nn.functional.normalize(x), TINY)
    agrees_with_torch(lambda lib, x: lib.nn.functional.normalize(x, eps=10.0), draw(2, 3))
    agrees_with_torch(lambda lib, x: lib.nn.functional.normalize(x), np.zeros((0, 3)))


@pytest.mark.parametrize(
    ("shapes", "dims"),
    [
        ([(3, 4), (3, 4)], (0, 1, -1)),
        ([(3, 4), (4,)], (0, 1)),
        ([(3, 1), (3, 4)], (0, 1)),  # broadcast along dim: the repeated elements count
        ([(3, 1, 4), (5, 4)], (0, 1, 2)),
        ([(4,), (4,)], (0,)),
        ([(0, 3), (0, 3)], (1,)),
    ],
)
def test_cosine_similarity_is_torchs(shapes, dims):
    for dim in dims:
        agrees_with_torch(lambda lib, x, y, dim=dim: lib.nn.functional.cosine_similarity(x, y, dim), *draws(*shapes))


def test_cosine_similarity_of_less_than_eps_has_torchs_value_and_its_own_slope(torch):
    x, y = draws((3, 4), (3, 4))
    ours, theirs = (lib.nn.functional.cosine_similarity(lib.tensor(x), lib.tensor(y), eps=5.0) for lib in (mg, torch))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9)
    inputs = [mg.tensor(array, requires_grad=True) for array in (x, y)]
    assert gradcheck(lambda x, y: F.cosine_similarity(x, y, eps=5.0), inputs)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.cosine_similarity(mg.ones(3, 4), mg.ones(3, 5)), ValueError, r"cosine_similarity: .*\(3, 4\) and"),
        (lambda: F.cosine_similarity(mg.ones(3), mg.ones(3)), IndexError, "cosine_similarity: dim must lie in -1..0"),
        (lambda: F.normalize(mg.ones(3)), IndexError, "normalize: dim must lie in -1..0"),
        (lambda: F.embedding([0, 1], mg.ones(3, 2)), TypeError, "embedding: expected a tensor of indices, got list"),
        (lambda: F.embedding(1, mg.ones(3, 2)), TypeError, "embedding: expected a tensor of indices, got int"),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
