"""Running totals, and differences between neighbours."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import draw


def test_differences_take_running_totals_back():
    x = mg.tensor(draw(3, 5))
    assert mg.allclose(x.cumsum(1).diff(prepend=mg.zeros(3, 1, dtype=x.dtype)), x)


def test_differences_of_squares_are_the_odd_numbers_and_theirs_are_two():
    squares = mg.arange(6) ** 2
    assert squares.diff().tolist() == [1, 3, 5, 7, 9] and squares.diff(np.int64(2)).tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: mg.diff(mg.tensor(1.0)), "diff: expected at least one axis, got a 0-d tensor"),
        (lambda: mg.ones(3).diff(-1), "diff: n must be a whole number, 0 or more, got -1"),
        (lambda: mg.ones(3).diff(dim=1), "diff: dim must lie in -1..0, got 1"),
        (lambda: mg.ones(3).diff(prepend=mg.ones(1, 1)), "diff: expected tensors of equal shapes but for dim 0"),
        (lambda: mg.diff([1.0, 2.0]), "diff: .*list"),
    ],
)
def test_what_has_no_differences_is_refused(call, text):
    with pytest.raises((ValueError, TypeError, IndexError), match=f"^{text}"):
        call()
