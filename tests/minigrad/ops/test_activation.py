"""Activations: values and slopes are PyTorch's, at the kinks and far out, in every dtype."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import activation
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings, locked, slopes_agree

pytestmark = inf_and_nan_without_warnings
SETTINGS = {
    "leaky_relu": [{"negative_slope": 0.01}, {"negative_slope": -0.3}],
    "elu": [{"alpha": 1.0}, {"alpha": 0.4}],
    "selu": [{}],
    "silu": [{}],
    "mish": [{}],
    "gelu": [{}],
    "gelu_tanh": [{}],
    "softplus": [{"beta": 1.0, "threshold": 20.0}, {"beta": 3.0, "threshold": 2.0}, {"beta": -1.0, "threshold": 9.0}],
    "logsigmoid": [{}],
    "hardtanh": [{"min_val": -1.0, "max_val": 1.0}, {"min_val": 0.0, "max_val": 1.5}],
}
CASES = [(name, settings) for name, several in SETTINGS.items() for settings in several]
each_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
# The kinks of all of them, and where exponentials overflow or vanish.
POINTS = np.array(
    [-1e4, -1000.0, -745.0, -100.0, -20.5, -6, -1, -1e-8, -0.0, 0.0, 1e-8, 2 / 3, 1, 1.5, 6, 20, 30, 1000, 1e4]
)


def function(lib, name):
    functional = F if lib is mg else __import__("torch").nn.functional
    if name == "gelu_tanh":
        return lambda x: functional.gelu(x, approximate="tanh")
    return getattr(functional, name)


def test_every_row_is_tested():
    assert set(SETTINGS) == set(activation.TABLE)


@each_case
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,), (2, 0)], ids=str)
def test_values_and_gradients_are_torchs(name, settings, shape):
    agrees_with_torch(lambda lib, x: function(lib, name)(x, **settings), draw(*shape, low=-3, high=3))


@each_case
def test_at_the_kinks_and_far_out_they_are_torchs_too(name, settings):
    agrees_with_torch(lambda lib, x: function(lib, name)(x, **settings), POINTS)


@each_case
def test_the_bare_backward_is_the_slope_of_its_forward(name, settings):
    slopes_agree(*activation.pair(name), draw(4, 5, low=-3, high=3), **settings)


@each_case
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_the_bare_pairs_keep_the_dtype(name, settings, dtype, shape):
    forward, backward = activation.pair(name)
    out, cache = forward(locked(draw(*shape).astype(dtype)), **settings)
    assert (out.dtype, backward(np.ones_like(out), cache).dtype) == (dtype, dtype)


@each_case
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_inf_nan_and_large_numbers_give_what_torchs_do_in_every_dtype(torch, name, settings, dtype):
    points = np.array([-np.inf, -1000, -12, -3.5, -0.0, 0.0, 12, 17, 20.5, 1000, np.inf, np.nan], dtype)
    results = []
    for lib in (mg, torch):
        x = lib.tensor(points, requires_grad=True)
        y = function(lib, name)(x, **settings)
        y.backward(lib.ones_like(y))
        results.append((y.detach().numpy(), x.grad.numpy()))
    if name == "gelu" and dtype != np.float64:  # there PyTorch's value at inf is NaN; in float64 it is inf, as ours
        results[1][0][-2] = np.inf
    digits = {np.float16: 2e-3, np.float32: 2e-6, np.float64: 1e-12}[dtype]
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=digits, atol=digits / 10)


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_large_numbers_overflow_nowhere_on_the_way(name, settings, dtype):
    forward, backward = activation.pair(name)
    out, cache = forward(locked(np.array([-1000, -104, -88.8, 88.8, 710, 1000], dtype)), **settings)
    assert np.isfinite(out).all() and np.isfinite(backward(np.ones_like(out), cache)).all()


def test_a_high_threshold_of_softplus_needs_no_large_exponent():
    x = mg.tensor([89.0, 1000.0], requires_grad=True)  # PyTorch's are inf, with a gradient of NaN
    y = F.softplus(x, threshold=1e4)
    y.sum().backward()
    assert (y.tolist(), x.grad.tolist()) == ([89, 1000], [1, 1])


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_far_out_is_nan(name, settings, dtype):
    x = mg.tensor(POINTS.astype(dtype), requires_grad=True)
    y = function(mg, name)(x, **settings)
    y.sum().backward()
    assert np.isfinite(y.detach().numpy()).all() and np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(("name", "settings"), [case for case in CASES if case[0] != "hardtanh"], ids=str)
def test_integers_are_refused(name, settings):
    with pytest.raises(mg.DtypeError, match=rf"^{name}: expected a floating-point tensor, got int64"):
        function(mg, name)(mg.tensor([1, 2]), **settings)


def test_hardtanh_leaves_integers_integers(torch):
    for lib in (mg, torch):
        x = lib.tensor([-9, 0, 1, 9])
        for result, expected in (
            (lib.nn.functional.hardtanh(x), [-1, 0, 1, 1]),
            (lib.nn.functional.relu6(x), [0, 0, 1, 6]),
        ):
            assert (result.dtype, result.tolist()) == (lib.int64, expected)
    with pytest.raises(mg.DtypeError, match=r"^hardtanh: expected a floating-point tensor, got bool"):
        F.hardtanh(mg.tensor([True]))


@pytest.mark.parametrize("name", ["hardsigmoid", "hardswish", "celu"])
def test_at_its_kinks_and_far_out_each_is_torchs(name):
    points = np.array([-1e4, -9, -3 - 1e-9, -3, -3 + 1e-9, -0.5, -0.0, 0, 2.5, 3 - 1e-9, 3, 3 + 1e-9, 1e4])
    rtol = 1e-7 if name == "hardsigmoid" else 1e-9  # PyTorch's slope is a sixth in float32
    agrees_with_torch(lambda lib, x: getattr(F if lib is mg else lib.nn.functional, name)(x), points, rtol=rtol)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"^celu: alpha, by which the input is divided, must not be 0"):
        F.celu(mg.ones(2), alpha=0)
    with pytest.raises(ValueError, match=r"^gelu: approximate must be 'none' or 'tanh', got 'fast'"):
        F.gelu(mg.ones(2), approximate="fast")
    with pytest.raises(ValueError, match=r"^hardtanh: min_val"):
        F.hardtanh(mg.ones(2), 1, -1)
    with pytest.raises(ValueError, match=r"^softmax: say along which dim"):
        F.softmax(mg.ones(2))
