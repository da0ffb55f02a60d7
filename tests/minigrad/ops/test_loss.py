"""Cross-entropy with all its settings, its numerical corners, and softmax_loss, the course's face of it."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import loss
from minigrad.ops.softmax import log_softmax
from tests.minigrad.parity import agrees_with_torch, draw, for_every, inf_and_nan_without_warnings, locked, slopes_agree

pytestmark = inf_and_nan_without_warnings

CLASSES = 4
REDUCTIONS = ["mean", "sum", "none"]
SCORES = [(4,), (1, 4), (5, 4), (3, 4, 2), (2, 4, 3, 2), (5, 1), (0, 4), (2, 4, 0)]


def labels_for(shape, dtype=np.int64):
    """Random labels for scores of `shape`."""
    axis = 0 if len(shape) == 1 else 1
    return np.random.default_rng(7).integers(0, shape[axis], shape[:axis] + shape[axis + 1 :]).astype(dtype)


def cross_entropy(**settings):
    """A function for the comparison with PyTorch, on scores, labels and, perhaps, weights of the classes."""

    def compare(lib, x, y, *weight):
        functional = F if lib is mg else lib.nn.functional
        return functional.cross_entropy(x, y, *(w.detach() for w in weight), **settings)

    return compare


@pytest.mark.parametrize("shape", SCORES, ids=str)
@for_every(reduction=REDUCTIONS, label_smoothing=[0.0, 0.3, 1.0], weighted=[False, True], ignore_index=[-100, 2, 0])
def test_every_combination_of_settings_is_torchs(shape, reduction, label_smoothing, weighted, ignore_index):
    classes = shape[0 if len(shape) == 1 else 1]
    y = labels_for(shape)
    weight = [draw(classes, low=0.2, high=3.0)] if weighted else []
    settings = {"reduction": reduction, "label_smoothing": label_smoothing, "ignore_index": ignore_index}
    agrees_with_torch(cross_entropy(**settings), draw(*shape), y, *weight)


@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 4, 3)], ids=str)
@for_every(
    reduction=REDUCTIONS,
    settings=[{}, {"ignore_index": 1}, {"label_smoothing": 0.2}, {"ignore_index": 0, "label_smoothing": 0.2}],
    weight=[None, locked(np.array([0.5, 2.0, 0.0, 1.0], np.float32))],
)
def test_the_pairs_backward_is_the_slope_of_its_forward(shape, reduction, settings, weight):
    pair = loss.cross_entropy_forward, loss.cross_entropy_backward
    slopes_agree(*pair, draw(*shape), labels_for(shape), weight, reduction=reduction, **settings)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_when_every_label_is_ignored_nothing_pulls(reduction):
    y = np.full(3, -100)
    agrees_with_torch(cross_entropy(reduction=reduction), draw(3, 4), y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_negative_ignore_index_in_the_batch_counts_nothing(reduction):
    agrees_with_torch(cross_entropy(reduction=reduction, ignore_index=-1), draw(3, 4), np.array([-1, 2, -1]))


def test_a_class_of_weight_0_is_torchs():
    agrees_with_torch(cross_entropy(), draw(3, 4), np.array([1, 2, 1]), np.array([1.0, 0.0, 2.0, 1.0]))
    agrees_with_torch(cross_entropy(), draw(3, 4), np.array([1, 1, 1]), np.array([1.0, 0.0, 2.0, 1.0]))


@pytest.mark.parametrize("size", [30.0, 800.0, 1e4])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_large_scores_neither_overflow_nor_underflow(size, label_smoothing):
    x = size * np.array([[1.0, -1.0, 0.0, 0.5], [-1.0, 1.0, -1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    agrees_with_torch(cross_entropy(label_smoothing=label_smoothing), x, np.array([1, 1, 0]))
    agrees_with_torch(
        cross_entropy(label_smoothing=label_smoothing), x.astype(np.float32), np.array([1, 1, 0]), rtol=1e-6
    )


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("special", [-np.inf, np.inf, np.nan])
@pytest.mark.parametrize("label", [0, 1])
def test_infinite_and_nan_scores_are_torchs(special, label, label_smoothing):
    x = np.array([[1.0, special, 0.5], [0.1, 0.2, 0.3]])
    agrees_with_torch(cross_entropy(label_smoothing=label_smoothing), x, np.array([label, 2]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@for_every(reduction=REDUCTIONS, weighted=[False, True], label_dtype=[np.int64, np.int32, np.uint8])
def test_the_bare_pair_keeps_the_dtype_of_the_scores(dtype, reduction, weighted, label_dtype):
    x, y = locked(draw(5, 4).astype(dtype)), locked(labels_for((5, 4), label_dtype))
    out, cache = loss.cross_entropy_forward(x, y, np.ones(4) if weighted else None, reduction=reduction)
    dx, dy, dweight = loss.cross_entropy_backward(np.ones_like(out), cache)
    assert (out.dtype, dx.dtype, dy, dweight) == (dtype, dtype, None, None)


@pytest.mark.parametrize("settings", [{}, {"ignore_index": 1}, {"weight": np.ones(2, np.float16)}])
def test_more_float16_examples_than_float16_can_count_have_a_mean_and_a_gradient(settings):
    x, y = np.full((2**17, 2), -1, np.float16), np.zeros(2**17, np.int64)
    out, cache = loss.cross_entropy_forward(x, y, **settings)
    dx, _, _ = loss.cross_entropy_backward(np.ones_like(out), cache)
    assert (out.dtype, out, np.unique(dx).tolist()) == (np.float16, np.float16(np.log(2)), [-(2**-18), 2**-18])
    out, cache = loss.nll_loss_forward(x, y, **settings)
    dx, _, _ = loss.nll_loss_backward(np.ones_like(out), cache)
    assert (out.dtype, out, np.unique(dx).tolist()) == (np.float16, 1, [-(2**-17), 0])


def test_softmax_loss_is_torchs_loss_and_gradient_at_once():
    x, y = locked(draw(5, 4)), locked(labels_for((5, 4)))
    value, dx = loss.softmax_loss(x, y)
    tensor = mg.tensor(x, requires_grad=True)
    out = F.cross_entropy(tensor, mg.tensor(y))
    out.backward()
    assert value == out.item() and isinstance(float(value), float)
    np.testing.assert_array_equal(dx, tensor.grad.numpy())


def test_softmax_loss_of_equal_scores_is_the_log_of_the_number_of_classes():
    value, dx = loss.softmax_loss(np.full((2, 4), 7.0), np.array([0, 3]))
    np.testing.assert_allclose(value, np.log(4))
    np.testing.assert_allclose(dx, [[-0.375, 0.125, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]])


def test_softmax_loss_of_a_hopeless_score_is_finite():
    value, dx = loss.softmax_loss(np.array([[1e4, -1e4]]), np.array([1]))
    assert (value, dx.tolist()) == (2e4, [[1.0, -1.0]])


@pytest.mark.parametrize("label", [-1, 4, 100])
@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 4, 3)], ids=str)
def test_a_label_out_of_range_is_named(label, shape):
    y = labels_for(shape)
    y[...] = 0
    y.flat[-1] = label
    for labels in (mg.tensor(y), mg.tensor(y) + 0):
        with pytest.raises(
            IndexError, match=rf"^cross_entropy: labels must lie in 0\.\.3 for 4 classes .*got {label}\."
        ):
            F.cross_entropy(mg.tensor(draw(*shape)), labels)


X, Y = mg.ones(2, 4), mg.tensor([0, 1])


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "words"),
    [
        ((X, mg.tensor([0.0, 1.0])), {}, mg.DtypeError, r"labels must be integers \(class numbers\), got float32"),
        ((X, mg.tensor([True, False])), {}, mg.DtypeError, r"labels must be integers"),
        ((X, [0, 1]), {}, mg.DtypeError, r"labels must be an array or a tensor, got a list"),
        ((mg.ones(4), 1), {}, mg.DtypeError, r"labels must be an array or a tensor, got a int"),
        ((X, mg.tensor([0, 1, 2])), {}, mg.ShapeError, r".*x\.shape = \(2, 4\), y\.shape = \(3,\)"),
        ((X, mg.ones(2, 3)), {}, mg.ShapeError, r".*x\.shape = \(2, 4\), y\.shape = \(2, 3\)"),
        ((mg.tensor(1.0), mg.tensor(0)), {}, mg.ShapeError, r".*x\.shape = \(\)"),
        ((mg.ones(2, 0), Y), {}, mg.ShapeError, r"there must be at least one class"),
        ((mg.ones(2, 4, dtype=mg.int64), Y), {}, mg.DtypeError, r"scores must be floating point, got int64"),
        ((X, Y, mg.ones(3)), {}, mg.ShapeError, r"weight must be \(4,\), one a class, got weight\.shape = \(3,\)"),
        ((X, Y), {"reduction": "average"}, ValueError, r"reduction must be one of mean, sum, none, got 'average'"),
        ((X, Y), {"label_smoothing": 1.5}, ValueError, r"label_smoothing must lie in 0\.\.1, got 1\.5"),
        ((X, Y), {"label_smoothing": -0.1}, ValueError, r"label_smoothing must lie in 0\.\.1, got -0\.1"),
    ],
)
def test_a_wrong_argument_is_named(arguments, settings, error, words):
    with pytest.raises(error, match=f"^cross_entropy: {words}"):
        F.cross_entropy(*arguments, **settings)


def test_the_courses_loss_ignores_no_label_and_needs_an_example():
    with pytest.raises(IndexError, match=r"softmax_loss: labels must lie in 0..2, got -100"):
        loss.softmax_loss(np.zeros((2, 3)), np.array([-100, 0]))
    with pytest.raises(ValueError, match=r"at least one example, got x.shape = \(0, 3\)"):
        loss.softmax_loss(np.zeros((0, 3)), np.zeros(0, np.int64))


@pytest.mark.parametrize("shape", SCORES, ids=str)
@for_every(reduction=REDUCTIONS, label_smoothing=[0.0, 0.3], weighted=[False, True])
def test_shares_of_classes_are_torchs_with_a_gradient_of_their_own(shape, reduction, label_smoothing, weighted):
    weight = [draw(shape[0 if len(shape) == 1 else 1], low=0.2, high=3.0)] if weighted else []
    shares = draw(*shape, low=0, high=1, seed=3)
    settings = {"reduction": reduction, "label_smoothing": label_smoothing}
    agrees_with_torch(cross_entropy(**settings), draw(*shape), shares, *weight)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, locked(np.array([0.5, 2.0, 0.0, 1.0]))])
def test_the_slope_by_the_shares_is_the_pairs(reduction, weight):
    def forward(x, y):
        return loss.cross_entropy_forward(x, y, weight, reduction=reduction, label_smoothing=0.2)

    def backward(dout, cache):
        return loss.cross_entropy_backward(dout, cache)[:2]

    slopes_agree(forward, backward, draw(3, 4, 2), draw(3, 4, 2, low=0, high=1, seed=5))


@pytest.mark.parametrize("shape", SCORES, ids=str)
@for_every(reduction=REDUCTIONS, weighted=[False, True], ignore_index=[-100, 2, 0])
def test_nll_loss_is_torchs(shape, reduction, weighted, ignore_index):
    def compare(lib, x, y, *weight):
        functional = F if lib is mg else lib.nn.functional
        weight = [w.detach() for w in weight]
        return functional.nll_loss(x, y, *weight, reduction=reduction, ignore_index=ignore_index)

    weight = [draw(shape[0 if len(shape) == 1 else 1], low=0.2, high=3.0)] if weighted else []
    agrees_with_torch(compare, draw(*shape), labels_for(shape), *weight)
    if shape == (5, 4):
        agrees_with_torch(compare, draw(*shape), np.full(5, ignore_index), *weight)
        agrees_with_torch(compare, np.where(draw(*shape) > 0, -np.inf, draw(*shape)), labels_for(shape), *weight)


def test_nll_loss_of_log_softmax_is_cross_entropy():
    x, y = draw(5, 4), labels_for((5, 4))
    log_p = log_softmax(x, 1)
    assert loss.nll_loss_forward(log_p, y)[0] == pytest.approx(loss.cross_entropy_forward(x, y)[0])
    with pytest.raises(IndexError, match=r"^nll_loss: labels must lie in 0\.\.3 .*got 4"):
        F.nll_loss(mg.tensor(x), mg.tensor([0, 1, 4, 2, 0]))
