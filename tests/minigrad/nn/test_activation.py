"""Activation modules: PyTorch's text, names in a network, and an input that is never changed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

TEXTS = {
    "ReLU": [(), {"inplace": True}],
    "ReLU6": [(), {"inplace": True}],
    "LeakyReLU": [(), (0.2,), {"inplace": True}],
    "ELU": [(), (0.5,)],
    "GELU": [(), ("tanh",)],
    "SiLU": [()],
    "Mish": [()],
    "SELU": [()],
    "CELU": [(), (0.5,), {"inplace": True}],
    "Hardsigmoid": [()],
    "Hardswish": [()],
    "Sigmoid": [()],
    "LogSigmoid": [()],
    "Tanh": [()],
    "Softplus": [(), (2.0, 5.0)],
    "Softsign": [()],
    "Softmax": [(), (1,)],
    "LogSoftmax": [(-1,)],
    "Hardtanh": [(-2.0, 0.5)],
}


@pytest.mark.parametrize(("name", "arguments"), [(name, one) for name, several in TEXTS.items() for one in several])
def test_the_text_is_torchs(torch, name, arguments):
    def make(lib):
        kind = getattr(lib, name)
        return kind(**arguments) if isinstance(arguments, dict) else kind(*arguments)

    assert repr(make(nn)) == repr(make(torch.nn))


def test_a_networks_text_is_torchs(torch):
    def network(nn):
        return nn.Sequential(nn.Linear(3, 2), nn.GELU(), nn.Sequential(nn.ReLU(True), nn.Softplus()), nn.Softmax(1))

    assert repr(network(nn)) == repr(network(torch.nn))


@pytest.mark.parametrize("kind", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU])
def test_inplace_leaves_the_input_as_it_is(kind):
    x = mg.tensor([-1.0, 2.0], requires_grad=True)
    kind(inplace=True)(x * 1).sum().backward()
    np.testing.assert_array_equal(x.array, [-1, 2])


def test_softmax_without_a_dim_says_so_when_it_runs():
    with pytest.raises(ValueError, match=r"softmax: say along which dim"):
        nn.Softmax()(mg.ones(2, 3))


def test_settings_may_be_changed_later():
    layer = nn.LeakyReLU(0.1)
    layer.negative_slope = 0.5
    assert layer(mg.tensor([-2.0])).tolist() == [-1.0]
