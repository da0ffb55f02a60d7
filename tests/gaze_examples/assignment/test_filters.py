"""`visualize_grid`: where each filter lies, how bright it is, and what it is given."""

import numpy as np
import pytest

import minigrad as mg
from gaze_examples.assignment import visualize_grid


def test_every_filter_is_stretched_by_itself_and_laid_out_row_by_row():
    filters = np.random.default_rng(0).normal(size=(7, 1, 4, 5)) * np.arange(1, 8).reshape(7, 1, 1, 1)
    grid = visualize_grid(filters)
    assert grid.shape == (3 * 4 + 2, 3 * 5 + 2)  # 7 filters in 3 rows of 3
    for i, one in enumerate(filters[:, 0]):
        top, left = 5 * (i // 3), 6 * (i % 3)
        shown = grid[top : top + 4, left : left + 5]
        np.testing.assert_allclose(shown, 255 * (one - one.min()) / (one.max() - one.min()))
    assert not grid[4].any() and not grid[:, 5].any() and not grid[10:, 6:].any()  # between them, and where none is


def test_bounds_and_padding_are_as_asked():
    filters = np.arange(24.0).reshape(6, 1, 2, 2)
    grid = visualize_grid(filters, ubound=1.0, padding=2)
    assert grid.shape == (2 * 2 + 2, 3 * 2 + 2 * 2)
    assert (grid.min(), grid.max()) == (0, 1)
    assert visualize_grid(filters, padding=0).shape == (4, 6)


def test_colours_are_stretched_together():
    filters = np.random.default_rng(0).normal(size=(4, 3, 5, 6))
    grid = visualize_grid(filters)
    assert grid.shape == (11, 13, 3)
    one = filters[3]
    np.testing.assert_allclose(grid[6:, 7:], 255 * (one.transpose(1, 2, 0) - one.min()) / np.ptp(one))


def test_channels_last_is_known_where_it_cannot_be_mistaken():
    filters = np.random.default_rng(0).normal(size=(4, 3, 5, 6))
    np.testing.assert_array_equal(visualize_grid(filters.transpose(0, 2, 3, 1)), visualize_grid(filters))
    assert visualize_grid(np.zeros((6, 1, 3, 3))).shape == (7, 11)  # the notebook's: one channel, three columns


def test_a_constant_filter_is_black():
    filters = np.stack([np.full((1, 2, 2), 7.0), np.arange(4.0).reshape(1, 2, 2)])
    np.testing.assert_array_equal(visualize_grid(filters, padding=0), [[0, 0, 0, 85], [0, 0, 170, 255]])


def test_weights_may_be_given_as_they_are_and_are_not_changed():
    weight = mg.nn.Conv2d(1, 6, 3).weight
    before = weight.numpy().copy() if not weight.requires_grad else weight.detach().numpy().copy()
    np.testing.assert_array_equal(visualize_grid(weight), visualize_grid(before))
    np.testing.assert_array_equal(weight.detach().numpy(), before)


@pytest.mark.parametrize("shape", [(6, 3, 3), (16, 6, 5, 5), (0, 1, 3, 3)])
def test_what_is_no_picture_is_named(shape):
    with pytest.raises(ValueError, match=r"visualize_grid: expected filters .* got \("):
        visualize_grid(np.zeros(shape))
