"""Activation modules: PyTorch's text, names in a network, and an input that is never changed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from tests.minigrad.parity import agrees_with_torch, draws

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
    "GLU": [(), (1,)],
    "PReLU": [(), (3, 0.5)],
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


def test_prelus_slopes_start_as_torchs_and_are_trained(torch):
    for arguments in [(), (3,), (3, 0.1)]:
        ours, theirs = (lib.PReLU(*arguments) for lib in (nn, torch.nn))
        np.testing.assert_array_equal(ours.weight.detach(), theirs.weight.detach())
    assert [name for name, _ in nn.PReLU(3).named_parameters()] == ["weight"]


@pytest.mark.parametrize("shapes", [((2, 3, 4), (3,)), ((2, 3, 4, 2), (3,)), ((2, 3), (1,)), ((4,), (1,)), ((), ())])
def test_prelu_has_a_slope_for_each_channel(shapes):
    agrees_with_torch(lambda lib, x, weight: lib.nn.functional.prelu(x, weight), *draws(*shapes))


def test_prelu_at_the_kink_and_at_infinity():
    x, weight = np.array([-np.inf, -1.0, 0.0, 1.0, np.inf, np.nan]), np.array([0.5])
    agrees_with_torch(lambda lib, x, weight: lib.nn.functional.prelu(x, weight)[:-1], x, weight)
    agrees_with_torch(lambda lib, x, weight: lib.nn.functional.prelu(x, weight), x[1:-1], np.zeros(1))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.prelu(mg.ones(2, 3), mg.ones(2)), r"prelu: weight must have one slope.* got \(2,\) for \(2, 3\)"),
        (lambda: F.prelu(mg.ones(2, 3), mg.ones(1, 1)), r"prelu: weight must"),
        (
            lambda: F.prelu(mg.ones(2, 3), mg.ones(3).double()),
            r"prelu: .* one floating-point dtype, got float32, float",
        ),
        (lambda: F.prelu(mg.ones(2, 3), [0.5]), r"prelu: .*list"),
        (lambda: F.glu(mg.ones(2, 3)), r"glu: the axis -1 must have two halves, got shape \(2, 3\)"),
        (lambda: F.glu(mg.ones(())), r"glu: the axis -1 must have two halves"),
        (lambda: F.glu(mg.ones(2).long()), r"glu: expected a floating-point tensor, got int64"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()


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
