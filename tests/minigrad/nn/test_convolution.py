"""Layers of filters: PyTorch's texts, initial values, weights that move both ways, and what they refuse."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.minigrad.parity import draw

CASES = [
    "Conv2d(4, 6, 3)",
    "Conv2d(4, 6, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2), groups=2, bias=False)",
    "Conv2d(4, 6, 3, padding='same', padding_mode='reflect')",
    "Conv1d(4, 6, 3)",
    "Conv1d(4, 6, 2, stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode='circular')",
    "ConvTranspose2d(4, 6, 3)",
    "ConvTranspose2d(4, 6, (3, 2), 2, (1, 0), (1, 0), 2, False, (1, 2))",
    "ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)",
]


@pytest.mark.parametrize("text", CASES)
def test_weights_move_both_ways_and_the_layers_look_alike(text, tmp_path):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    safetensors = pytest.importorskip("safetensors.torch")
    theirs, ours = eval(f"torch.nn.{text}", {"torch": torch}), eval(f"nn.{text}", {"nn": nn})
    assert repr(ours) == repr(theirs)
    x = draw(2, 4, 9, 8)[..., : 9 if "2d" in text else None] if "2d" in text else draw(2, 4, 9)
    x = x.astype(np.float32)
    safetensors.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours.load_state_dict(mg.load(tmp_path / "theirs.safetensors"))
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(mg.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-5)
    mg.nn.init.normal_(ours.weight)
    mg.save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(safetensors.load_file(tmp_path / "ours.safetensors"))
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(mg.tensor(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "fan_in"),
    [
        (lambda: nn.Conv2d(8, 40, (3, 5), groups=2), 60),
        (lambda: nn.Conv1d(8, 99, 3), 24),
        (lambda: nn.ConvTranspose2d(40, 60, (3, 5), groups=2), 450),  # as PyTorch counts: the axis that is second
    ],
)
def test_weights_and_biases_begin_uniform_on_one_over_the_root_of_the_fan_in(make, fan_in):
    layer, bound = make(), 1 / math.sqrt(fan_in)  # made here, where the seed is always the same
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert 0.9 * bound < abs(values).max() <= bound
    assert abs(layer.weight.detach().numpy().std() - bound / math.sqrt(3)) < 0.03 * bound


def test_the_same_seed_draws_the_same_filters():
    mg.manual_seed(3)
    first = nn.Conv2d(3, 4, 2).weight.detach().numpy()
    mg.manual_seed(3)
    assert (nn.Conv2d(3, 4, 2).weight.detach().numpy() == first).all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.Conv2d(3, 4, 2, groups=2), "Conv2d: groups must divide in_channels and out_channels, got 2 for 3"),
        (lambda: nn.Conv2d(3, 4, 2, padding="some"), "Conv2d: padding must be a number, 'same' or 'valid', got 'some'"),
        (lambda: nn.Conv1d(3, 4, 2, padding_mode="wrap"), "Conv1d: padding_mode must be one of zeros, .* got 'wrap'"),
        (lambda: nn.ConvTranspose2d(3, 4, 2, groups=2), "ConvTranspose2d: groups must divide in_channels and out_ch"),
        (
            lambda: nn.ConvTranspose2d(3, 4, 2, padding="same"),
            "ConvTranspose2d: padding must be an int or a tuple of ints",
        ),
        (lambda: nn.ConvTranspose1d(3, 4, 2, padding_mode="reflect"), "ConvTranspose1d: padding_mode must be 'zeros'"),
        (lambda: nn.Conv2d(3, 4, 2, 2, "same"), r"Conv2d: padding='same' needs stride 1, got \(2, 2\)"),
    ],
)
def test_settings_that_make_no_sense_are_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_an_image_with_other_channels_is_refused_with_the_layers_name():
    net = nn.Sequential(nn.Conv2d(3, 4, 2), nn.Conv2d(6, 4, 2))
    with pytest.raises(ValueError, match=r"1: conv2d: weight expects 6 input channels .* x has 4"):
        net(mg.zeros(1, 3, 5, 5))


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_groups_may_be_numpys_number(kind):
    layer = kind(4, 4, 3, groups=np.int64(2))
    assert layer(mg.zeros(2, 4, 6)).shape == (2, 4, 4 if kind is nn.Conv1d else 8)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: nn.functional.conv1d(x, mg.ones(4, 3, 9)), r"conv1d: the filters .* span more"),
        (lambda x: nn.functional.conv1d(x, mg.ones(4, 3, 2), stride=0), "conv1d: stride must be at least 1"),
        (lambda x: nn.functional.conv_transpose1d(x, mg.ones(3, 4, 2), padding=9), "conv_transpose1d: nothing is left"),
    ],
)
def test_a_sequence_is_refused_by_its_own_name(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call(mg.ones(2, 3, 6))


def test_a_layer_of_float64_stays_so_and_half_precision_too():
    for dtype in (mg.float64, mg.float16):
        assert nn.Conv2d(1, 2, 2, dtype=dtype)(mg.ones(1, 1, 3, 3, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("size", [(9, 11), (10, 12), (9, 12), (2, 6, 10, 11), (8, 11), (9, 13), (10,)], ids=str)
def test_the_size_that_is_asked_for_comes_out_if_a_convolution_could_have_seen_it(size):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    layer, theirs = (lib.nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1) for lib in (mg, torch))
    try:
        expected = tuple(theirs(torch.zeros(2, 4, 5, 6), output_size=size).shape)
    except ValueError:
        says = (
            r"ConvTranspose2d: output_size must lie between \(9, 11\) and \(10, 12\) for x.shape = \(2, 4, 5, 6\), got"
        )
        with pytest.raises(ValueError, match=says):
            layer(mg.zeros(2, 4, 5, 6), output_size=size)
    else:
        assert layer(mg.zeros(2, 4, 5, 6), size).shape == expected


def test_a_size_that_is_no_list_is_named():
    with pytest.raises(ValueError, match=r"^ConvTranspose2d: output_size must lie .* got 11\.$"):
        nn.ConvTranspose2d(1, 1, 3, stride=2)(mg.zeros(1, 1, 5, 5), output_size=11)


def test_each_of_the_sizes_of_which_a_convolution_makes_the_same_comes_back():
    for length in (9, 10):
        image = mg.ones(1, 1, length, length)
        small = nn.Conv2d(1, 2, 3, stride=2, padding=1)(image)
        assert small.shape == (1, 2, 5, 5)
        assert nn.ConvTranspose2d(2, 1, 3, stride=2, padding=1)(small, image.shape).shape == image.shape
