"""Losses element by element: PyTorch's values and gradients to both arguments, at the kinks too."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import pointwise_loss
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings, slopes_agree

pytestmark = inf_and_nan_without_warnings
REDUCTIONS = ["mean", "sum", "none"]
CASES = [
    ("mse_loss", {}, (-2, 2), (-2, 2)),
    ("l1_loss", {}, (-2, 2), (-2, 2)),
    *[("smooth_l1_loss", {"beta": beta}, (-2, 2), (-2, 2)) for beta in (1.0, 0.3, 0)],
    *[("huber_loss", {"delta": delta}, (-2, 2), (-2, 2)) for delta in (1.0, 0.3)],
    ("binary_cross_entropy_with_logits", {}, (-3, 3), (0, 1)),
    ("binary_cross_entropy", {}, (0.01, 0.99), (0, 1)),
    *[("kl_div", {"log_target": log}, (-3, 0), (0.1, 1)) for log in (False, True)],
]


def call(name, **settings):
    return lambda lib, *tensors: getattr(F if lib is mg else lib.nn.functional, name)(*tensors, **settings)


@pytest.mark.parametrize(("name", "settings", "xs", "ys"), CASES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 2), (0,), (3, 0)], ids=str)
@pytest.mark.filterwarnings("ignore:reduction. 'mean'")
def test_value_and_both_gradients_are_torchs(name, settings, xs, ys, reduction, shape):
    x, y = draw(*shape, low=xs[0], high=xs[1]), draw(*shape, low=ys[0], high=ys[1], seed=1)
    agrees_with_torch(call(name, reduction=reduction, **settings), x, y)


@pytest.mark.parametrize(("name", "settings", "xs", "ys"), CASES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_pairs_backward_is_the_slope_of_its_forward_with_broadcasting(name, settings, xs, ys, reduction):
    if name == "binary_cross_entropy_with_logits":
        settings = {"pos_weight": np.array([0.5, 2.0, 3.0])}
    pair = pointwise_loss.pair(name)
    slopes_agree(*pair, draw(4, 3, low=xs[0], high=xs[1]), draw(3, low=ys[0], high=ys[1]), reduction=reduction,
                 **settings)  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), [(case[0], case[1]) for case in CASES[:7]])
def test_at_the_kinks_the_gradient_is_torchs(name, settings):
    edge = settings.get("beta", settings.get("delta", 1.0))
    x = np.array([0.0, edge, -edge, 2 * edge, np.inf, np.nan])
    if name == "l1_loss" or not edge:
        x = x[:-1]  # PyTorch's sign of NaN is 0; ours is NaN, as the loss is
    agrees_with_torch(call(name, reduction="none", **settings), x, np.zeros(len(x)))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy",
                                  "binary_cross_entropy_with_logits"])  # fmt: skip
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_weight_is_torchs(name, reduction):
    def weighted(lib, x, y, weight):
        return call(name, reduction=reduction, weight=weight.detach())(lib, x, y)

    agrees_with_torch(weighted, draw(3, 2, low=0.1, high=0.9), draw(3, 2, low=0, high=1, seed=1), draw(3, 2, low=0.5))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(2,), (3, 1), (1,)])
def test_a_weight_of_positives_is_torchs(reduction, shape):
    def weighted(lib, x, y, weight):
        return call("binary_cross_entropy_with_logits", reduction=reduction, pos_weight=weight.detach())(lib, x, y)

    agrees_with_torch(weighted, draw(3, 2), draw(3, 2, low=0, high=1, seed=1), draw(*shape, low=0.5))


def test_extreme_logits_and_certain_probabilities_are_torchs():
    x, y = np.array([1e3, -1e3, 1e3, -1e3, 0.0]), np.array([1.0, 0.0, 0.0, 1.0, 0.3])
    agrees_with_torch(call("binary_cross_entropy_with_logits", reduction="none"), x, y)
    p = np.array([0.0, 1.0, 0.0, 1.0, 0.5])
    agrees_with_torch(call("binary_cross_entropy", reduction="none"), p, np.array([0.0, 1.0, 1.0, 0.0, 0.3]),
                      rtol=1e-8)  # fmt: skip


@pytest.mark.parametrize("log_target", [False, True])
def test_batchmean_divides_by_the_first_axis(log_target):
    agrees_with_torch(call("kl_div", reduction="batchmean", log_target=log_target), draw(4, 3), draw(4, 3, low=0.1))


def test_kl_of_a_share_of_0_is_0():
    out = F.kl_div(mg.tensor([-1.0, -2.0]), mg.tensor([0.0, 1.0]), reduction="none")
    assert out.tolist() == [0.0, 2.0]


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_shapes_that_broadcast_are_torchs_with_a_warning(name):
    with pytest.warns(UserWarning):
        agrees_with_torch(call(name), draw(3, 1), draw(2))
    with pytest.warns(UserWarning, match=rf"^{name}: the input has shape \(3, 1\), the target \(3,\)"):
        getattr(F, name)(mg.ones(3, 1), mg.ones(3))


@pytest.mark.parametrize("name", list(pointwise_loss.TABLE))
def test_float32_stays_and_bad_arguments_are_named(name):
    x, y = mg.full((3,), 0.4, requires_grad=True), mg.full((3,), 0.6)
    out = getattr(F, name)(x, y)
    out.backward()
    assert (out.dtype, x.grad.dtype) == (mg.float32, mg.float32)
    with pytest.raises(ValueError, match=f"^{name}: reduction must be one of mean, sum, none, got 'avg'"):
        getattr(F, name)(x, y, reduction="avg")
    with pytest.raises(mg.DtypeError, match=f"^{name}: expected floating-point"):
        getattr(F, name)(mg.ones(3, dtype=mg.int64), mg.ones(3, dtype=mg.int64))
    if name != "huber_loss":
        with pytest.raises(TypeError, match=f"^{name}: size_average and reduce are former names"):
            getattr(F, name)(x, y, size_average=False)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_the_mean_of_many_float16_losses_is_no_larger_than_they_are(name):
    x, y = mg.full((4000,), 100.0, dtype=mg.float16), mg.zeros(4000, dtype=mg.float16)
    out = getattr(F, name)(x, y)
    assert (out.dtype, out.item()) == (mg.float16, getattr(F, name)(x[:1], y[:1]).item())


def test_more_float16_losses_than_float16_can_count_have_gradients():
    x = mg.ones(2**17, dtype=mg.float16, requires_grad=True)
    F.mse_loss(x, mg.zeros_like(x)).backward()
    assert x.grad.unique().tolist() == [2**-16]


@pytest.mark.parametrize("name", list(pointwise_loss.TABLE))
@pytest.mark.parametrize("other", [0.5, [0.5, 0.5], None], ids=str)
def test_a_number_or_a_list_is_no_target_and_no_input(name, other):
    x = mg.full((2,), 0.4)
    for given in ((x, other), (other, x)):
        with pytest.raises(TypeError, match=f"^{name}: expected (two )?[Tt]ensors"):
            getattr(F, name)(*given)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_binary_targets_have_the_inputs_shape(name):
    with pytest.raises(mg.ShapeError, match=f"^{name}: input and target must have one shape"):
        getattr(F, name)(mg.full((3, 1), 0.5), mg.full((3,), 0.5))


def test_numbers_that_are_no_probabilities_are_refused():
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"^binary_cross_entropy: the input must be probabilities"):
            F.binary_cross_entropy(mg.tensor([wrong]), mg.tensor([1.0]))
