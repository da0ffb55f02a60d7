"""The pairs of normalization: their plain-loop twins, the slopes, PyTorch's values, every memory order, accuracy."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import DtypeError, ShapeError
from minigrad.ops import normalization as pairs
from tests.minigrad.parity import LAYOUTS, draw, draws, locked, slopes_agree, strided

SHAPES = [(5, 3), (4, 2, 3), (3, 2, 2, 3), (2, 3, 2, 1, 2), (1, 2, 4), (2, 1), (1, 3, 1)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_layout = pytest.mark.parametrize("layout", [locked, strided, "batch innermost"], ids=["C", "strided", "batch"])


def batch_innermost(array: np.ndarray) -> np.ndarray:
    view = np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, -1)), -1, 0)
    view.flags.writeable = False
    return view


def laid_out(layout, *arrays):
    return [batch_innermost(array) if layout == "batch innermost" else layout(array) for array in arrays]


def close(actual, expected, rtol=1e-10, atol=1e-10):
    actual, expected = (one if isinstance(one, tuple) else (one,) for one in (actual, expected))
    for mine, other in zip(actual, expected, strict=True):
        assert (mine is None) == (other is None)
        if mine is not None:
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
            np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol)


@each_shape
@each_layout
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_batch_norm_is_its_naive_twin(shape, layout, eps):
    channels = shape[1]
    x, dout = laid_out(layout, *draws(shape, shape))
    weight, bias, dmean, dvar = (locked(one) for one in draws(*[(channels,)] * 4))
    out, cache = pairs.batch_norm_forward(x, weight, bias, eps)
    naive, naive_cache = pairs.batch_norm_forward_naive(x, weight, bias, eps)
    close(out, naive)
    for douts in [(dout, None, None), (dout, dmean, None), (dout, None, dvar), (dout, dmean, dvar)]:
        gradients = pairs.batch_norm_backward(douts, cache)
        # One number in a channel has x̂ = 0 / √eps: slopes near 300, of which what cancels leaves a little.
        close(gradients, pairs.batch_norm_backward_naive(douts, naive_cache), atol=1e-9)


@each_shape
@each_layout
def test_batch_norm_in_evaluation_is_its_naive_twin(shape, layout):
    channels = shape[1]
    x, dout = laid_out(layout, *draws(shape, shape))
    mean, weight, bias = (locked(one) for one in draws(*[(channels,)] * 3))
    var = locked(draw(channels, low=0.1, high=3, seed=9))
    out, cache = pairs.batch_norm_eval_forward(x, mean, var, weight, bias, 0.1)
    naive, naive_cache = pairs.batch_norm_eval_forward_naive(x, mean, var, weight, bias, 0.1)
    close(out, naive)
    close(pairs.batch_norm_eval_backward(dout, cache), pairs.batch_norm_eval_backward_naive(dout, naive_cache))


@each_layout
@pytest.mark.parametrize(
    ("shape", "normalized"), [((4,), (4,)), ((3, 4), (4,)), ((3, 4), (3, 4)), ((2, 3, 4), (4,)), ((2, 3, 2, 2), (2, 2))]
)
def test_layer_norm_is_its_naive_twin(shape, normalized, layout):
    x, dout = laid_out(layout, *draws(shape, shape))
    weight, bias = (locked(one) for one in draws(normalized, normalized))
    out, cache = pairs.layer_norm_forward(x, weight, bias, normalized, 0.1)
    naive, naive_cache = pairs.layer_norm_forward_naive(x, weight, bias, normalized, 0.1)
    close(out, naive)
    close(pairs.layer_norm_backward(dout, cache), pairs.layer_norm_backward_naive(dout, naive_cache))


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES[:3], ids=str)
def test_each_output_of_batch_norm_has_its_slopes(which, shape):
    """Of out, the mean and the variance, each alone; the upstream gradients of the others are None."""

    def forward(x, weight, bias):
        outs, cache = pairs.batch_norm_forward(x, weight, bias, 0.1)
        return outs[which], cache

    def backward(dout, cache):
        return pairs.batch_norm_backward(tuple(dout if i == which else None for i in range(3)), cache)

    slopes_agree(forward, backward, *draws(shape, shape[1:2], shape[1:2]))


@each_shape
def test_the_other_pairs_have_their_slopes(shape):
    c = shape[1:2]
    x, mean, weight, bias, var = *draws(shape, c, c, c), draw(*c, low=0.1, high=3)

    def forward(x, weight, bias):
        return pairs.batch_norm_eval_forward(x, mean, var, weight, bias, 0.1)

    def backward(dout, cache):
        dx, dmean, dvar, dweight, dbias = pairs.batch_norm_eval_backward(dout, cache)
        assert dmean is None and dvar is None  # constants
        return dx, dweight, dbias

    slopes_agree(forward, backward, x, weight, bias)
    for count in range(1, len(shape) + 1):
        last = shape[-count:]
        slopes_agree(
            lambda x, w, b, last=last: pairs.layer_norm_forward(x, w, b, last, 0.1),
            pairs.layer_norm_backward,
            *draws(shape, last, last),
        )


def test_without_weight_and_bias_they_are_1_and_0():
    x, dout = draws((4, 3, 2), (4, 3, 2))
    one, zero, var = np.ones(3), np.zeros(3), np.full(3, 2.0)
    douts = (dout, None, None)
    (out, _, _), cache = pairs.batch_norm_forward(x, None, None)
    (expected, _, _), with_both = pairs.batch_norm_forward(x, one, zero)
    close(out, expected)
    dx, dweight, dbias = pairs.batch_norm_backward(douts, cache)
    close(dx, pairs.batch_norm_backward(douts, with_both)[0])
    assert dweight is None and dbias is None
    out, cache = pairs.batch_norm_eval_forward(x, zero, var, None, None)
    expected, with_both = pairs.batch_norm_eval_forward(x, zero, var, one, zero)
    close(out, expected)
    close(pairs.batch_norm_eval_backward(dout, cache)[0], pairs.batch_norm_eval_backward(dout, with_both)[0])
    assert pairs.batch_norm_eval_backward(dout, cache)[3:] == (None, None)
    out, cache = pairs.layer_norm_forward(x, None, None, (3, 2))
    expected, with_both = pairs.layer_norm_forward(x, np.ones((3, 2)), np.zeros((3, 2)), (3, 2))
    close(out, expected)
    close(pairs.layer_norm_backward(dout, cache)[0], pairs.layer_norm_backward(dout, with_both)[0])
    assert pairs.layer_norm_backward(dout, cache)[1:] == (None, None)


def test_what_comes_out_has_mean_0_and_variance_1_and_the_statistics_are_the_batchs():
    x = draw(50, 3, 4) * 7 + 3
    (out, mean, var), _ = pairs.batch_norm_forward(x, None, None, 1e-12)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 2)), rtol=1e-12)
    np.testing.assert_allclose(var, x.var(axis=(0, 2)), rtol=1e-12)  # the biased one
    np.testing.assert_allclose(out.mean(axis=(0, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=(0, 2)), 1, rtol=1e-11)
    out, _ = pairs.layer_norm_forward(x, None, None, (4,), 1e-12)
    np.testing.assert_allclose(out.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=-1), 1, rtol=1e-9)


def test_the_gradient_of_x_has_no_part_along_what_normalization_takes_out():
    """To move all x of a channel alike, or to stretch them, changes nothing (but for eps)."""
    x, dout = draws((6, 3, 4), (6, 3, 4))
    _, cache = pairs.batch_norm_forward(x, draw(3), draw(3, seed=1), 1e-14)
    dx, _, _ = pairs.batch_norm_backward((dout, None, None), cache)
    np.testing.assert_allclose(dx.sum(axis=(0, 2)), 0, atol=1e-10)
    np.testing.assert_allclose((dx * x).sum(axis=(0, 2)), 0, atol=1e-10)


@pytest.mark.parametrize("layout", [*LAYOUTS, batch_innermost], ids=["C", "strided", "batch"])
def test_float32_is_accurate_with_many_numbers_far_from_0(layout):
    """A mean 1000 times the spread: Σ x² / n - m², or a running float32 sum, would be off by far more."""
    rng = np.random.default_rng(0)
    exact, dout = rng.normal(1000, 1, (2000, 2, 50)), rng.normal(0, 1, (2000, 2, 50))
    x, upstream = layout(exact.astype(np.float32)), layout(dout.astype(np.float32))
    (out, mean, var), cache = pairs.batch_norm_forward(x, None, np.ones(2, np.float32))
    (wide, wide_mean, wide_var), wide_cache = pairs.batch_norm_forward(x.astype(np.float64), None, np.ones(2))
    assert {out.dtype, mean.dtype, var.dtype} == {np.dtype(np.float32)}
    np.testing.assert_allclose(mean, wide_mean, rtol=1e-7)
    np.testing.assert_allclose(var, wide_var, rtol=2e-6)
    np.testing.assert_allclose(out, wide, atol=1e-4)
    gradients = pairs.batch_norm_backward((upstream, None, None), cache)
    expected = pairs.batch_norm_backward((upstream.astype(np.float64), None, None), wide_cache)
    np.testing.assert_allclose(gradients[0], expected[0], atol=1e-4)
    np.testing.assert_allclose(gradients[2], expected[2], atol=1e-2, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("parameters", [np.float16, np.float32, np.float64])
def test_results_and_gradients_keep_their_dtypes(dtype, parameters):
    x, dout = (locked(one.astype(dtype)) for one in draws((4, 3), (4, 3)))
    weight, bias, mean = (one.astype(parameters) for one in draws((3,), (3,), (3,)))
    var = np.ones(3, parameters)
    if parameters != dtype and (dtype, parameters) != (np.float16, np.float32):
        with pytest.raises(DtypeError, match="batch_norm: weight must be"):
            pairs.batch_norm_forward(x, weight, bias)
        with pytest.raises(DtypeError, match="batch_norm_eval: mean must be"):
            pairs.batch_norm_eval_forward(x, mean, var, None, None)
        with pytest.raises(DtypeError, match="layer_norm: weight must be"):
            pairs.layer_norm_forward(x, weight, bias, (3,))
        return
    (out, batch_mean, batch_var), cache = pairs.batch_norm_forward(x, weight, bias)
    wide = np.float32 if dtype == np.float16 else dtype
    assert (out.dtype, batch_mean.dtype, batch_var.dtype) == (dtype, wide, wide)
    gradients = pairs.batch_norm_backward((dout, None, None), cache)
    assert [one.dtype for one in gradients] == [dtype, parameters, parameters]
    out, cache = pairs.batch_norm_eval_forward(x, mean, var, weight, bias)
    gradients = pairs.batch_norm_eval_backward(dout, cache)
    assert [one.dtype for one in (out, gradients[0], *gradients[3:])] == [dtype, dtype, parameters, parameters]
    out, cache = pairs.layer_norm_forward(x, weight, bias, (3,))
    gradients = pairs.layer_norm_backward(dout, cache)
    assert [one.dtype for one in (out, *gradients)] == [dtype, dtype, parameters, parameters]


def test_the_statistics_of_float16_are_calculated_in_float32():
    x = locked(np.full((3000, 1), 60.0, np.float16) + np.arange(3000)[:, None] % 2)  # the sum is beyond 65504
    x.flags.writeable = False
    (out, mean, var), _ = pairs.batch_norm_forward(x.astype(np.float16), None, None)
    assert mean == 60.5 and var == 0.25
    np.testing.assert_allclose(np.abs(out), 1, rtol=1e-3)


def test_memory_that_has_the_batch_innermost_is_neither_copied_nor_left():
    x, dout = (batch_innermost(one) for one in draws((4, 3, 2, 5), (4, 3, 2, 5)))
    (out, _, _), cache = pairs.batch_norm_forward(x, None, None)
    assert np.shares_memory(cache[0], x)
    dx, _, _ = pairs.batch_norm_backward((dout, None, None), cache)
    assert out.strides == dx.strides == x.strides
    assert not np.shares_memory(out, x) and not np.shares_memory(dx, dout)


@pytest.mark.parametrize("needs", [(True, False, False), (False, True, False), (False, False, True)])
def test_the_gradients_that_are_wanted_do_not_depend_on_which_others_are(needs):
    shape = (4, 3)
    x, dout, weight, bias = draws(shape, shape, (3,), (3,))
    five = (needs[0], False, False, *needs[1:])
    for (_, cache), backward, upstream, wanted in [
        (pairs.batch_norm_forward(x, weight, bias), pairs.batch_norm_backward, (dout, None, None), needs),
        (pairs.batch_norm_eval_forward(x, bias, weight**2, weight, bias), pairs.batch_norm_eval_backward, dout, five),
        (pairs.layer_norm_forward(x, weight, bias, (3,)), pairs.layer_norm_backward, dout, needs),
    ]:
        few, every = backward(upstream, cache, needs=wanted), backward(upstream, cache)
        i = wanted.index(True)
        assert np.array_equal(few[i], every[i])


@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 2), (2, 3, 0), (4, 0), (0, 0, 2)], ids=str)
def test_of_nothing_the_gradients_are_0_and_nothing_is_nan(shape):
    x, c = np.zeros(shape), shape[1]
    weight, bias = np.ones(c), np.ones(c)
    (out, mean, var), cache = pairs.batch_norm_forward(x, weight, bias)
    assert out.shape == shape and not mean.any() and not var.any()
    dx, dweight, dbias = pairs.batch_norm_backward((x, None, None), cache)
    assert dx.shape == shape and np.array_equal(dweight, bias * 0) and np.array_equal(dbias, bias * 0)
    out, cache = pairs.batch_norm_eval_forward(x, bias, weight, weight, bias)
    dx, _, _, dweight, dbias = pairs.batch_norm_eval_backward(out, cache)
    assert out.shape == dx.shape == shape and np.array_equal(dweight, bias * 0) and np.array_equal(dbias, bias * 0)
    last = shape[1:]
    out, cache = pairs.layer_norm_forward(x, np.ones(last), np.ones(last), last)
    dx, dweight, dbias = pairs.layer_norm_backward(out, cache)
    assert out.shape == dx.shape == shape and dweight.shape == dbias.shape == last and not dweight.any()


def test_statistics_that_change_later_do_not_change_the_backward_of_evaluation():
    x, mean, weight, dout = draws((4, 3), (3,), (3,), (4, 3))
    var = np.ones(3)
    _, cache = pairs.batch_norm_eval_forward(x, mean, var, weight, None)
    before = pairs.batch_norm_eval_backward(dout, cache)
    mean += 1
    var *= 2
    close(pairs.batch_norm_eval_backward(dout, cache), before)


def test_a_lifted_pair_gives_three_tensors_with_gradients_of_their_own(torch):
    batch_norm = mg.differentiable(pairs.batch_norm_forward, pairs.batch_norm_backward)
    x = mg.tensor(draw(5, 3), requires_grad=True)
    out, mean, var = batch_norm(x, None, None, eps=1e-5)
    ((out**3).sum() + (mean**2).sum() + (var**2).sum()).backward()
    same = torch.tensor(draw(5, 3), requires_grad=True)
    var, mean = torch.var_mean(same, 0, correction=0)
    ((((same - mean) / (var + 1e-5).sqrt()) ** 3).sum() + (mean**2).sum() + (var**2).sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), same.grad.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, w: pairs.batch_norm_forward(x[0], w, w), ShapeError, r"batch_norm: x must be \(N, C\)"),
        (lambda x, w: pairs.batch_norm_forward(x[0, 0], w, w), ShapeError, r"batch_norm: x must be \(N, C\)"),
        (lambda x, w: pairs.batch_norm_forward(x, w[:2], w), ShapeError, r"batch_norm: weight must be \(3,\).*\(2,\)"),
        (lambda x, w: pairs.batch_norm_forward(x, w, x), ShapeError, r"batch_norm: bias must be \(3,\).*\(4, 3\)"),
        (lambda x, w: pairs.batch_norm_forward(x.astype(int), w, w), DtypeError, "batch_norm: .*floating-point.*int64"),
        (lambda x, w: pairs.batch_norm_forward(x, w, w, eps=0.0), ValueError, "batch_norm: eps must be positive"),
        (lambda x, w: pairs.batch_norm_eval_forward(x, w[1:], w, w, w), ShapeError, r"batch_norm_eval: mean must be"),
        (lambda x, w: pairs.layer_norm_forward(x, w, w, (4,)), ShapeError, r"layer_norm: the last axes.*\(4, 3\)"),
        (lambda x, w: pairs.layer_norm_forward(x, w, w, ()), ShapeError, "layer_norm: .*one at least"),
        (lambda x, w: pairs.layer_norm_forward(x[0, 0], w, w, (3,)), ShapeError, "layer_norm: the last axes"),
        (lambda x, w: pairs.layer_norm_forward(x, w[:1], w, (3,)), ShapeError, "layer_norm: weight must be of shape"),
        (lambda x, w: pairs.layer_norm_forward(x.astype(int), w, w, (3,)), DtypeError, "layer_norm: .*floating-point"),
    ],
)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call(draw(4, 3), draw(3))
