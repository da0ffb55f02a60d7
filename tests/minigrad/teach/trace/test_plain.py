"""Arrays as plain data: nothing is lost of small ones, and of large ones the summary is true."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from minigrad.teach.trace.plain import FULL, TILES, plain


@given(npst.arrays(st.sampled_from([np.float32, np.float64]), npst.array_shapes(min_dims=0, max_side=4, min_side=0)))
def test_small_arrays_come_back_bit_by_bit(array):
    told = json.loads(json.dumps(plain(array), allow_nan=False))
    if told["values"] is None:
        assert array.size > FULL
        return
    back = np.array([float(value) for value in told["values"]]).astype(told["dtype"]).reshape(told["shape"])
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("array", [np.array([True, False]), np.array([3, -4]), np.array(7)])
def test_whole_numbers_and_truths(array):
    assert plain(array)["values"] == array.ravel().tolist()


def test_none_is_none():
    assert plain(None) is None


def test_the_shortest_digits_that_read_back_as_the_same_float32():
    assert plain(np.array([0.1], np.float32))["values"] == [0.1]


def test_statistics_leave_out_what_is_not_finite_and_count_it():
    told = plain(np.array([np.nan, np.inf, 0.0, -2.0, 4.0]))
    assert [told[word] for word in ("min", "mean", "max", "zeros", "not_finite")] == [
        -2,
        pytest.approx(2 / 3),
        4,
        0.2,
        2,
    ]
    assert plain(np.full(3, np.nan))["min"] is None


def cells(told):
    sheets = [np.frombuffer(base64.b64decode(one), np.uint8).reshape(told["tile_shape"]) for one in told["tiles"]]
    return [told["min"] + sheet / 255 * (told["max"] - told["min"]) for sheet in sheets]


@pytest.mark.parametrize("shape", [(36, 120), (3, 36, 120), (300,), (2, 3, 50, 7), (41, 129), (100, 1000)])
def test_pictures_of_large_arrays_are_means_of_blocks(shape):
    array = np.random.default_rng(0).normal(size=shape)
    told = plain(array)
    assert told["values"] is None and told["sheets"] == max(1, int(np.prod(shape[:-2])))
    sheets = array.reshape(-1, *(shape[-2:] if len(shape) > 1 else (1, shape[0])))
    down, across = told["pool"]
    for sheet, picture in zip(sheets, cells(told), strict=False):
        for row, column in [(0, 0), (picture.shape[0] - 1, picture.shape[1] - 1)]:
            block = sheet[row * down : (row + 1) * down, column * across : (column + 1) * across]
            assert picture[row, column] == pytest.approx(block.mean(), abs=(told["max"] - told["min"]) / 255)


def test_only_the_first_sheets_are_drawn():
    told = plain(np.ones((40, 5, 5)))
    assert len(told["tiles"]) == TILES and told["sheets"] == 40


def test_a_large_array_without_a_finite_number():
    told = plain(np.full((20, 20), np.nan))
    assert told["min"] is None and told["tile_shape"] == [20, 20] and told["not_finite"] == 400


def test_the_mean_of_the_largest_numbers_is_one_of_them():
    largest = np.full(3, np.finfo(float).max)
    assert plain(largest)["mean"] == -plain(-largest)["mean"] == 1.79769e308
