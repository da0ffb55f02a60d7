"""Padding in PyTorch's order, from the last axis; and one_hot."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import pad
from tests.minigrad.parity import agrees_with_torch, draw, slopes_agree


def padded(*args, **settings):
    return lambda lib, x: (F if lib is mg else lib.nn.functional).pad(x, *args, **settings)


@pytest.mark.parametrize("widths", [(), (1, 2), (0, 0), (-1, 2), (1, -2), (-1, -1), (1, 0, 2, 3), (-1, 1, 2, -1)])
@pytest.mark.parametrize("value", [None, 0.0, 2.5, -np.inf])
def test_a_constant_border_is_torchs(widths, value):
    agrees_with_torch(padded(widths, "constant", value), draw(3, 4))
    agrees_with_torch(padded(widths, value=value), draw(2, 3, 3))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(1, 2), (2, 0), (0, 2), (-2, 1), (1, -2), (1, 1, 2, 0), (2, 1, -1, 1)])
def test_a_border_of_the_tensors_own_elements_is_torchs(mode, widths):
    x = draw(2, 3, 4) if len(widths) == 2 else draw(2, 2, 3, 4)
    agrees_with_torch(padded(widths, mode), x)


def test_the_pairs_backward_is_the_slope_of_its_forward():
    slopes_agree(pad.pad_forward, pad.pad_backward, draw(2, 3), widths=((1, 0), (2, 1)), value=4.0)


@pytest.mark.parametrize(("widths", "settings", "words"), [
    ((1,), {}, "expected .before, after."),
    ((1, 1) * 3, {}, "expected .before, after."),
    ((-3, -2), {}, "constant cannot add"),
    ((4, 0), {"mode": "reflect"}, "reflect cannot add"),
    ((5, 0), {"mode": "circular"}, "circular cannot add"),
    ((-4, 1), {"mode": "circular"}, "circular cannot add"),
    ((1, 1), {"mode": "mirror"}, "mode must be"),
    ((1, 1), {"mode": "reflect", "value": 1.0}, "own elements"),
])  # fmt: skip
def test_a_wrong_argument_is_named(widths, settings, words):
    with pytest.raises(ValueError, match=f"^pad: .*{words}|^pad: {words}"):
        F.pad(mg.ones(2, 4), widths, **settings)


def test_half_an_element_is_no_border():
    with pytest.raises(TypeError, match=r"^pad: expected ints, .*got \(1\.5, 1\)"):
        F.pad(mg.ones(2, 4), (1.5, 1))
    assert F.pad(mg.ones(2, 4), (np.int64(1), mg.tensor(2))).shape == (2, 7)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("classes", [-1, 5, 7])
def test_one_hot_is_torchs(shape, classes):
    indices = np.random.default_rng(0).integers(0, 5, shape)
    agrees_with_torch(lambda lib, x: (F if lib is mg else lib.nn.functional).one_hot(x, classes), indices)
    with pytest.raises(IndexError, match=r"^one_hot: indices must lie in"):
        F.one_hot(mg.tensor([0, 3]), 3)


def test_one_hot_of_a_list_says_what_it_expects():
    with pytest.raises(TypeError, match=r"^one_hot: expected a tensor of indices, got list"):
        F.one_hot([0, 3])
