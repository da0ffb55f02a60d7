"""matmul in every combination of vectors, matrices and batches; fc and linear with and without bias and batch."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import linear
from tests.minigrad.parity import agrees_with_torch, draws, locked, slopes_agree

PRODUCTS = [
    ((4,), (4,)),
    ((4,), (4, 3)),
    ((2, 4), (4,)),
    ((2, 4), (4, 3)),
    ((1, 4), (4, 1)),
    ((4,), (5, 4, 3)),  # a row for each of a batch
    ((5, 2, 4), (4,)),  # a column for each
    ((5, 2, 4), (4, 3)),
    ((2, 4), (5, 4, 3)),
    ((5, 2, 4), (5, 4, 3)),
    ((1, 2, 4), (5, 4, 3)),
    ((5, 2, 4), (1, 4, 3)),
    ((6, 1, 2, 4), (5, 4, 3)),
    ((6, 1, 2, 4), (1, 5, 4, 3)),
    ((4,), (6, 5, 4, 3)),
    ((6, 5, 2, 4), (4,)),
    ((0, 4), (4, 3)),
    ((2, 0), (0, 3)),
    ((0,), (0,)),
    ((0, 2, 4), (4, 3)),
    ((0, 2, 4), (1, 4, 3)),
]
NEEDS = [(True, False, False), (False, True, False), (False, False, True), (True, True, True)]
each_product = pytest.mark.parametrize("shapes", PRODUCTS, ids=str)


@each_product
def test_matmul_is_torchs(shapes):
    agrees_with_torch(lambda lib, x, y: x @ y, *draws(*shapes))


@each_product
def test_the_matmul_pairs_backward_is_the_slope_of_its_forward(shapes):
    slopes_agree(linear.matmul_forward, linear.matmul_backward, *draws(*shapes))


@each_product
def test_matmul_gives_only_what_is_needed(shapes):
    x, y = draws(*shapes)
    out, cache = linear.matmul_forward(x, y)
    dx, dy = linear.matmul_backward(out, cache)
    only_dx, no_dy = linear.matmul_backward(out, cache, needs=(True, False))
    no_dx, only_dy = linear.matmul_backward(out, cache, needs=(False, True))
    assert no_dx is no_dy is None
    np.testing.assert_array_equal(only_dx, dx)
    np.testing.assert_array_equal(only_dy, dy)


def test_a_matrix_times_itself_collects_both_gradients():
    agrees_with_torch(lambda lib, x: x @ x, *draws((3, 3)))


@pytest.mark.parametrize("layout", ["t", "clone"])
def test_matmul_with_transposed_operands(layout):
    agrees_with_torch(lambda lib, x, y: getattr(x, layout)() @ y.t(), *draws((3, 3), (2, 3)))


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (2,)), ((2, 3), (2,)), ((3,), (2, 3))])
def test_matmul_names_shapes_that_do_not_fit(shapes):
    with pytest.raises(mg.ShapeError, match=r"^matmul: the last axis of x must match .*x\.shape = .*y\.shape = "):
        mg.ones(shapes[0]) @ mg.ones(shapes[1])


def test_matmul_names_batches_that_do_not_broadcast():
    with pytest.raises(mg.ShapeError, match=r"^matmul: the axes before the last two .*\(2, 3, 4\).*\(5, 4, 3\)"):
        mg.ones(2, 3, 4) @ mg.ones(5, 4, 3)


@pytest.mark.parametrize("y", [2, 2.5, mg.tensor(2.0)])
def test_matmul_with_a_number_is_refused(y):
    for call in (lambda: mg.ones(2, 3) @ y, lambda: y @ mg.ones(2, 3), lambda: mg.matmul(mg.ones(3), y)):
        with pytest.raises(mg.ShapeError, match=r"^matmul: expected vectors, matrices .*multiplies with \*.*\(\)"):
            call()


# -- fc ----------------------------------------------------------------------------------------------------------------

EXAMPLES = [(2, 4), (1, 4), (0, 4), (3, 2, 2), (3, 4, 1), (2, 1, 2, 2)]
each_batch = pytest.mark.parametrize("shape", EXAMPLES, ids=str)


@each_batch
def test_fc_is_the_flattened_product_in_torch(shape):
    def layer(lib, x, w, b):
        return F.fc(x, w, b) if lib is mg else x.reshape(shape[0], 4) @ w + b

    agrees_with_torch(layer, *draws(shape, (4, 5), (5,)))


@each_batch
@pytest.mark.parametrize("bias", [True, False])
def test_the_fc_pairs_backward_is_the_slope_of_its_forward(shape, bias):
    x, w, b = draws(shape, (4, 5), (5,))
    slopes_agree(linear.fc_forward, linear.fc_backward, x, w, b if bias else None)


@pytest.mark.parametrize("needs", NEEDS)
def test_fc_gives_only_what_is_needed(needs):
    x, w, b, dout = draws((3, 2, 2), (4, 5), (5,), (3, 5))
    _, cache = linear.fc_forward(x, w, b)
    for needed, gradient, full in zip(
        needs, linear.fc_backward(dout, cache, needs), linear.fc_backward(dout, cache), strict=True
    ):
        assert (gradient is not None) == needed
        if needed:
            np.testing.assert_array_equal(gradient, full)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_gradient_of_the_weight_lies_in_memory_as_the_weight(order):
    x, w, b, dout = draws((3, 4), (4, 5), (5,), (3, 5))
    w = np.array(w, order=order)
    _, dw, _ = linear.fc_backward(dout, linear.fc_forward(x, w, b)[1])
    assert dw.strides == w.strides


def test_fc_keeps_float32():
    x, w, b, dout = (locked(array.astype(np.float32)) for array in draws((3, 4), (4, 5), (5,), (3, 5)))
    out, cache = linear.fc_forward(x, w, b)
    assert {array.dtype for array in (out, *linear.fc_backward(dout, cache))} == {np.dtype(np.float32)}


def test_pixels_may_be_bytes():
    w, b, dout = draws((4, 5), (5,), (3, 5))
    x = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    _, dw, _ = linear.fc_backward(dout, linear.fc_forward(x, w, b)[1])
    np.testing.assert_allclose(dw, x.reshape(3, 4).T.astype(float) @ dout)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((2, 4), (4,), (5,)), r"fc: w must be \(D, M\), got w\.shape = \(4,\)"),
        (((2, 3), (4, 5), (5,)), r"fc: each example of x must have 4 features .*got 3 \(x\.shape = \(2, 3\)\)"),
        (((), (4, 5), (5,)), r"fc: each example of x must have 4 features"),
        (((2, 4), (4, 5), (4,)), r"fc: b must be \(5,\) .*got b\.shape = \(4,\)"),
        (((2, 4), (4, 5), (1, 5)), r"fc: b must be \(5,\)"),
    ],
)
def test_fc_names_the_argument_that_does_not_fit(shapes, words):
    with pytest.raises(mg.ShapeError, match=f"^{words}"):
        linear.fc_forward(*draws(*shapes))
    with pytest.raises(mg.ShapeError, match=f"^{words}"):
        F.fc(*map(mg.tensor, draws(*shapes)))


# -- linear ------------------------------------------------------------------------------------------------------------

FEATURES = [(4,), (2, 4), (1, 4), (0, 4), (3, 2, 4), (2, 0, 4), (2, 1, 3, 4)]


@pytest.mark.parametrize("shape", FEATURES, ids=str)
def test_linear_is_torchs(shape):
    def layer(lib, *arguments):
        return (F if lib is mg else lib.nn.functional).linear(*arguments)

    agrees_with_torch(layer, *draws(shape, (5, 4), (5,)))
    agrees_with_torch(layer, *draws(shape, (5, 4)))


@pytest.mark.parametrize("shape", FEATURES, ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_the_linear_pairs_backward_is_the_slope_of_its_forward(shape, bias):
    x, w, b = draws(shape, (5, 4), (5,))
    slopes_agree(linear.linear_forward, linear.linear_backward, x, w, b if bias else None)


@pytest.mark.parametrize("needs", NEEDS)
def test_linear_gives_only_what_is_needed(needs):
    x, w, b, dout = draws((3, 2, 4), (5, 4), (5,), (3, 2, 5))
    _, cache = linear.linear_forward(x, w, b)
    assert tuple(gradient is not None for gradient in linear.linear_backward(dout, cache, needs)) == needs


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((2, 3), (5, 4), (5,)), r"linear: the last axis of x .*x\.shape = \(2, 3\) and weight\.shape = \(5, 4\)"),
        (((), (5, 4), (5,)), r"linear: the last axis of x"),
        (((2, 4), (4,), (5,)), r"linear: the last axis of x"),
        (((2, 4), (5, 4), (4,)), r"linear: bias must be \(5,\), got bias\.shape = \(4,\)"),
    ],
)
def test_linear_names_the_argument_that_does_not_fit(shapes, words):
    with pytest.raises(mg.ShapeError, match=f"^{words}"):
        F.linear(*map(mg.tensor, draws(*shapes)))
