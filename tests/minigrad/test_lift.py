"""The lift: the contract of a pair, its errors, broadcasting, dtypes, several outputs."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F


def double_forward(x):
    return 2 * x, None


def double_backward(dout, cache):
    return 2 * dout


double = mg.differentiable(double_forward, double_backward)


def test_an_op_is_named_after_its_forward_and_documented_by_it():
    assert double.__name__ == "double" and double.__doc__ is None
    assert mg.exp.__doc__ == "y = eˣ, element by element; x of any shape."


def test_a_pair_of_plain_functions_becomes_an_op():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    double(x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_arrays_numbers_and_none_are_arguments_too():
    op = mg.differentiable(lambda x, w, k, n: (x * w * k, (w, k)), lambda d, c: (d * c[0] * c[1], None, None, None))
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    op(x, np.array([3.0, 4.0], np.float32), 2, None).sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]


def test_a_list_of_tensors_counts_as_its_tensors():
    total = mg.differentiable(lambda xs: (xs[0] + xs[1], None), lambda dout, cache: (dout, 3 * dout), name="total")
    x, y = mg.tensor([1.0], requires_grad=True), mg.tensor([1.0], requires_grad=True)
    total([x, y]).backward()
    assert (x.grad.item(), y.grad.item()) == (1.0, 3.0)


def test_needs_says_whose_gradient_is_wanted():
    asked = []

    def backward(dout, cache, needs):
        asked.append(needs)
        return dout, dout

    op = mg.differentiable(lambda x, y: (x + y, None), backward, name="asks")
    x, y = mg.tensor([1.0], requires_grad=True), mg.tensor([1.0])
    op(x, y).backward()
    assert asked == [(True, False)] and y.grad is None


def test_the_first_layer_computes_no_gradient_for_its_input():
    from minigrad.ops.linear import fc_backward, fc_forward

    x, w = np.ones((2, 3)), np.ones((3, 4))
    dx, dw, db = fc_backward(np.ones((2, 4)), fc_forward(x, w, np.ones(4))[1], needs=(False, True, True))
    assert dx is None and dw is not None and db is not None


def test_a_gradient_of_the_wrong_shape_is_an_error_and_not_healed():
    unsummed = mg.differentiable(lambda x, b: (x + b, None), lambda dout, cache: (dout, dout), name="unsummed")
    x, b = mg.ones(4, 3), mg.ones(3, requires_grad=True)
    with pytest.raises(mg.ShapeError, match=r"unsummed_backward: the gradient of argument 1 .* \(3,\), got \(4, 3\)"):
        unsummed(x, b).sum().backward()


def test_an_op_that_says_broadcasts_is_summed_back():
    op = mg.differentiable(lambda x, b: (x + b, None), lambda dout, cache: (dout, dout), broadcasts=True, name="b")
    x, b = mg.ones(4, 3), mg.ones(1, 3, requires_grad=True)
    op(x, b).sum().backward()
    assert b.grad.tolist() == [[4.0, 4.0, 4.0]]


def test_the_wrong_number_of_gradients_is_an_error():
    op = mg.differentiable(lambda x, y: (x + y, None), lambda dout, cache: dout, name="one_short")
    with pytest.raises(RuntimeError, match=r"one_short_backward: expected 2 gradients.*got 1"):
        op(mg.ones(2, requires_grad=True), mg.ones(2)).sum().backward()


def test_a_gradient_has_its_arrays_dtype():
    careless = mg.differentiable(lambda x: (x * 2, None), lambda dout, cache: dout.astype(np.float64) * 2, name="c")
    x = mg.ones(3, requires_grad=True)
    careless(x).sum().backward()
    assert x.grad.dtype == mg.float32


def test_several_outputs_get_none_where_nothing_flows():
    seen = []

    def backward(douts, cache):
        seen.append([dout is None for dout in douts])
        left, right = douts
        return (0 if left is None else left) + 10 * (0 if right is None else right)

    both = mg.differentiable(lambda x: ((x * 1, x * 10), None), backward, name="both")
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    left, right = both(x)
    right.sum().backward()
    assert seen == [[True, False]] and x.grad.tolist() == [10.0, 10.0]
    x.grad = None
    left, right = both(x)
    (left * right).sum().backward()  # d(10 x²) = 20 x
    assert x.grad.tolist() == [20.0, 40.0]


def test_integer_outputs_have_no_gradient():
    ordered = mg.differentiable(
        lambda x: ((np.sort(x), np.argsort(x)), np.argsort(x)),
        lambda douts, order: douts[0][np.argsort(order)],
        name="ordered",
    )
    x = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, indices = ordered(x)
    assert values.requires_grad and not indices.requires_grad and indices.is_leaf
    (values * mg.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]


def test_an_error_in_a_students_forward_keeps_its_traceback_and_says_what_it_was_given():
    def broken_forward(x):
        return x @ np.ones((7, 7)), None

    op = mg.differentiable(broken_forward, double_backward)
    with pytest.raises(ValueError, match="matmul") as caught:
        op(mg.ones(2, 3))
    assert caught.value.__notes__ == ["in the forward of broken, given float32 (2, 3)"]


def test_a_warning_that_is_an_error_stays_a_warning():
    def warned_forward(x):
        raise RuntimeWarning("overflow")

    with pytest.raises(RuntimeWarning, match="overflow"):
        mg.differentiable(warned_forward, lambda dout, cache: dout)(mg.ones(2))


def test_an_error_in_a_students_backward_names_the_record():
    op = mg.differentiable(lambda x: (x * 1, None), lambda dout, cache: cache["x"], name="broken")
    with pytest.raises(TypeError) as caught:
        op(mg.ones(2, requires_grad=True)).sum().backward()
    assert caught.value.__notes__[0].startswith("in the backward of broken of (2,), at test_lift.py:")


def test_a_backward_that_returns_no_array_is_an_error_in_words():
    op = mg.differentiable(lambda x: (x * 1, None), lambda dout, cache: 1.0, name="scalar")
    with pytest.raises(TypeError, match=r"scalar_backward: a gradient must be an array, got float"):
        op(mg.ones(2, requires_grad=True)).sum().backward()


def test_a_forward_that_returns_a_number_gives_a_0d_tensor():
    op = mg.differentiable(lambda x: (float(x.sum()), x.shape), lambda dout, shape: np.full(shape, dout), name="total")
    out = op(mg.ones(3))
    assert out.shape == () and out.item() == 3.0


def test_our_own_ops_speak_their_own_words_and_name_the_layer():
    net = mg.nn.Sequential(mg.nn.Linear(4, 3))
    with pytest.raises(mg.ShapeError, match=r"net\.0: linear: .* x\.shape = \(2, 5\) and weight\.shape = \(3, 4\)"):
        net(mg.ones(2, 5))
    with pytest.raises(mg.ShapeError, match=r"add: .*float32 \(2, 3\), float32 \(4,\)"):
        mg.ones(2, 3) + mg.ones(4)


def test_0d_results_are_arrays_and_not_numpy_scalars():
    for result in (mg.ones(3).sum(), mg.tensor(2.0) * 3, mg.tensor(2.0).exp()):
        assert isinstance(result.array, np.ndarray) and result.array.shape == ()
        assert result.array is result.array


def test_numpy_scalars_are_weak_like_python_numbers():
    x = mg.ones(3)
    assert (x * np.float64(2.0)).dtype == mg.float32 and (np.float64(2.0) * x).dtype == mg.float32
    assert isinstance(np.float64(2.0) * x, mg.Tensor)


def test_an_array_beside_a_tensor_keeps_the_graph():
    x = mg.ones(3, requires_grad=True)
    y = np.array([1.0, 2.0, 3.0], np.float32) * x
    assert isinstance(y, mg.Tensor) and y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 2.0, 3.0]


def test_the_dtype_of_an_op_does_not_depend_on_which_operand_is_the_array():
    array, x = np.array([1, 2]), mg.ones(2)
    assert (array * x).dtype == (x * array).dtype == mg.add(array, x).dtype == mg.float32


def test_a_named_tuple_is_a_tuple_of_outputs():
    def forward(a):
        result = np.linalg.eigh(a)
        return result, result.eigenvectors

    eigh = mg.differentiable(forward, lambda douts, v: v @ np.diag(douts[0]) @ v.T, name="eigh")
    a = mg.tensor([[2.0, 1.0], [1.0, 2.0]], dtype="float64", requires_grad=True)
    values, vectors = eigh(a)
    values.sum().backward()  # the trace
    np.testing.assert_allclose(a.grad.array, np.eye(2), atol=1e-12)
    assert vectors.requires_grad


@pytest.mark.parametrize("forward", [lambda x: x * 2, lambda x: None])
def test_a_forward_without_a_cache_is_an_error_even_when_its_result_unpacks_into_two(forward):
    op = mg.differentiable(forward, double_backward, name="forgetful")
    with pytest.raises(TypeError, match=r"forgetful_forward: expected it to return \(out, cache\), got"):
        op(mg.ones(2, requires_grad=True))


def test_a_backward_that_returns_a_tensor_is_an_error_in_words():
    op = mg.differentiable(lambda x: (np.exp(x), x), lambda dout, x: dout * mg.exp(x), name="mixed")
    with pytest.raises(TypeError, match="mixed_backward: a gradient must be an array, got Tensor"):
        op(mg.ones(2, requires_grad=True)).sum().backward()


def test_what_no_op_understands_is_a_type_error():
    with pytest.raises(TypeError, match=r"exp: expected at least one Tensor, got 2.0"):
        mg.exp(2.0)
    with pytest.raises(TypeError, match=r"sub: bools cannot be subtracted"):
        mg.tensor([True]) - mg.tensor([False])
    with pytest.raises(OverflowError, match=r"add: .*uint8"):
        mg.tensor([1], dtype="uint8") + 300
    for strange in ("a", [1.0, 2.0, 3.0], 1j, {}):
        with pytest.raises(TypeError, match=r"^add: expected tensors and numbers, got float32 \(3,\), "):
            mg.ones(3) + strange
    with pytest.raises(TypeError, match=r"^add: expected Tensors, got float32 \(3,\), None\.$"):
        mg.ones(3) + None


NO_RETURN = r"None if it has no return\.$"


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: F.cross_entropy(None, x), rf"^cross_entropy: expected Tensors, got None, float32 .*{NO_RETURN}"),
    (lambda x: F.mse_loss(None, x), rf"^mse_loss: expected Tensors, got None, float32 \(3,\)\. .*{NO_RETURN}"),
    (lambda x: F.mse_loss(x, None), r"^mse_loss: expected Tensors, got float32 \(3,\), None\.$"),
    (lambda x: F.binary_cross_entropy([1.0], x), r"^binary_cross_entropy: expected Tensors, got a list, float32"),
    (lambda x: mg.nn.Sequential(mg.nn.Conv2d(1, 1, 1))(None), rf"^Sequential\.0: conv2d: expected .*{NO_RETURN}"),
    (lambda x: mg.nn.Linear(2, 2)([[1.0, 2.0]]), r"^Linear: linear: expected Tensors, got a list, float32 \(2, 2\)"),
    (lambda x: F.max_pool2d(None, 2), rf"^max_pool2d: .*{NO_RETURN}"),
    (lambda x: F.relu([1.0]), r"^relu: expected Tensors, got a list\.$"),
    (lambda x: mg.sum([1.0]), r"^sum: expected Tensors, got a list\.$"),
    (lambda x: mg.softmax(None, 0), rf"^softmax: .*{NO_RETURN}"),
])  # fmt: skip
def test_a_list_or_none_in_the_place_of_a_tensor_is_named(call, message):
    with pytest.raises(TypeError, match=message):
        call(mg.ones(3))
