"""`autograd.Function` means what PyTorch's does: each test runs the same class with both, or says what is ours."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import draw


def cube_of(lib):
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, dout):
            (x,) = ctx.saved_tensors
            return dout * 3 * x**2

    return Cube


def mixed_of(lib):
    class Mixed(lib.autograd.Function):
        """Arguments and results of all kinds, one result without a gradient."""

        @staticmethod
        def forward(ctx, x, factor, y, label):
            ctx.save_for_backward(x, y, None)
            ctx.factor = factor
            shifted = x + 1
            ctx.mark_non_differentiable(shifted)
            return x * y * factor, x > 0, label, shifted, y * 2

        @staticmethod
        def backward(ctx, dproduct, dmask, dlabel, dshifted, ddouble):
            x, y, nothing = ctx.saved_tensors
            assert nothing is None and dlabel is None
            assert ddouble is not None and not ddouble.any()  # nothing flowed back: zeros
            return dproduct * y * ctx.factor, None, dproduct * x * ctx.factor + ddouble * 2, None

    return Mixed


def split_of(lib):
    class Split(lib.autograd.Function):
        """The newer form: forward without ctx. Gradients that did not arrive are None."""

        @staticmethod
        def forward(x):
            return x * 2, x * 3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.set_materialize_grads(False)

        @staticmethod
        def backward(ctx, first, second):
            assert first is None
            return second * 3

    return Split


def both(torch, run):
    """`run(lib)` returns tensors; they are equal."""
    for ours, theirs in zip(run(mg), run(torch), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-12)
        assert ours.requires_grad == theirs.requires_grad


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)])
def test_one_argument_one_result(torch, shape):
    def run(lib):
        x = lib.tensor(draw(*shape), requires_grad=True)
        y = cube_of(lib).apply(x * 1)
        y.backward(lib.tensor(draw(*shape, seed=3)))
        return y, x.grad

    both(torch, run)


def test_arguments_that_are_no_tensors_results_without_gradient_and_none_for_what_did_not_arrive(torch):
    def run(lib):
        x, y = (lib.tensor(draw(3, seed=seed), requires_grad=True) for seed in (1, 2))
        product, mask, label, shifted, double = mixed_of(lib).apply(x, 2.5, y, "label")
        assert label == "label"
        product.backward(lib.tensor(draw(3, seed=4)))
        return product, mask, shifted, double, x.grad, y.grad

    both(torch, run)


def test_forward_without_ctx_and_gradients_left_none(torch):
    def run(lib):
        x = lib.tensor(draw(3), requires_grad=True)
        first, second = split_of(lib).apply(x)
        second.backward(lib.tensor(draw(3, seed=4)))
        return first, second, x.grad

    both(torch, run)


def test_ctx_knows_whose_gradient_is_wanted_and_forward_runs_unrecorded(torch):
    def run(lib):
        seen = []

        class Product(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x, y, number):
                seen.append((ctx.needs_input_grad, lib.is_grad_enabled()))
                ctx.save_for_backward(x, y)
                return x * y

            @staticmethod
            def backward(ctx, dout):
                seen.append((ctx.needs_input_grad, lib.is_grad_enabled()))
                return (dout * ctx.saved_tensors[1] if ctx.needs_input_grad[0] else None), None, None

        x = lib.tensor(draw(3), requires_grad=True)
        Product.apply(x, lib.tensor(draw(3)), 1).sum().backward()
        assert seen == [((True, False, False), False)] * 2
        return [x.grad]

    both(torch, run)


def test_nothing_is_recorded_where_nothing_requires_grad():
    assert not cube_of(mg).apply(mg.tensor([1.0])).requires_grad
    with mg.no_grad():
        assert not cube_of(mg).apply(mg.tensor([1.0], requires_grad=True)).requires_grad


def test_the_tape_names_the_class_and_the_users_line():
    with mg.Tape() as tape:
        cube_of(mg).apply(mg.tensor([1.0], requires_grad=True))
    assert tape[0].op.name == "Cube"
    assert tape[0].line.endswith("cube_of(mg).apply(mg.tensor([1.0], requires_grad=True))")


def test_a_saved_tensor_that_was_changed_in_place_is_noticed():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    hidden = x * 1
    y = cube_of(mg).apply(hidden)
    with mg.no_grad():
        hidden.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_a_second_backward_needs_retain_graph():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = cube_of(mg).apply(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.array, 2 * 3 * x.array**2)
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_a_dropped_result_frees_what_ctx_saved_at_once():
    gc.collect()
    gc.disable()
    try:
        x = mg.tensor([1.0, 2.0], requires_grad=True)
        hidden = x * 1
        y = cube_of(mg).apply(hidden)
        saved = weakref.ref(hidden)
        del hidden, y
        assert saved() is None
    finally:
        gc.enable()


def returns(result):
    """A Function whose backward returns `result` for any gradient."""

    class Bad(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, dout):
            return result

    return Bad


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (mg.ones(3), "Bad: backward must return 2 gradients.* got 1"),
        ((mg.ones(3), mg.ones(3), mg.ones(3)), "Bad: backward must return 2 gradients.* got 3"),
        ((mg.ones(4), None), r"argument 0 must have the argument's shape \(3,\), got \(4,\)"),
        ((mg.ones(1, 3), None), r"argument 0 must have the argument's shape \(3,\), got \(1, 3\)"),
    ],
)
def test_a_backward_that_returns_the_wrong_thing_is_named(result, message):
    x = mg.zeros(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=message):
        returns(result).apply(x, mg.zeros(3)).sum().backward()


def test_none_after_the_last_argument_is_let_pass_as_in_torch():
    x = mg.zeros(3, requires_grad=True)
    returns((mg.ones(3), None, None)).apply(x, mg.zeros(3)).sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_a_forward_must_return_a_tensor_and_must_not_mark_its_arguments_dirty():
    class NoTensor(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 3.0

    class Dirty(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x

    with pytest.raises(TypeError, match="NoTensor: forward must return a Tensor"):
        NoTensor.apply(mg.zeros(3))
    with pytest.raises(NotImplementedError, match="Return a new tensor"):
        Dirty.apply(mg.zeros(3))
