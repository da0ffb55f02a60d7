"""The recurrent cells beside PyTorch's, which has them as functions, and at the ends of what a gate can do."""

import re

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import recurrent
from tests.minigrad.parity import agrees_with_torch, draw, draws, for_every, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

GATES = {"rnn_tanh_cell": 1, "rnn_relu_cell": 1, "lstm_cell": 4, "gru_cell": 3}
each_cell = pytest.mark.parametrize("name", GATES)


def arrays(name, n=3, i=2, h=4):
    """x, the states, the weights and the biases."""
    rows = GATES[name] * h
    states = [(n, h)] * (2 if name == "lstm_cell" else 1)
    return draws((n, i), *states, (rows, i), (rows, h), (rows,), (rows,))


def call(lib, name, x, *others):
    """The cell of a library on (x, h[, c], weights, biases)."""
    if name == "lstm_cell":
        h, c, *others = others
        others = ((h, c), *others)
    if lib is not mg:
        return getattr(lib, name)(x, *others)
    if name == "gru_cell":
        return F.gru_cell(x, *others)
    return F.lstm_cell(x, *others) if name == "lstm_cell" else F.rnn_cell(x, *others, nonlinearity=name.split("_")[1])


@each_cell
@for_every(n=[1, 3], i=[1, 2], h=[1, 4], biases=[True, False])
def test_values_and_all_gradients_are_torchs(name, n, i, h, biases):
    given = arrays(name, n, i, h)
    agrees_with_torch(lambda lib, *tensors: call(lib, name, *tensors), *given[: None if biases else -2], rtol=1e-10)


@pytest.mark.parametrize("place", [0, 1], ids=["h", "c"])
def test_the_lstm_goes_back_from_one_of_its_two_outputs_alone(place):
    agrees_with_torch(lambda lib, *tensors: call(lib, "lstm_cell", *tensors)[place], *arrays("lstm_cell"), rtol=1e-10)


@each_cell
def test_an_x_that_was_weighed_before_is_taken_as_it_is(name):
    x, *others = map(mg.tensor, arrays(name))
    *states, w_ih, w_hh, b_ih, b_hh = others

    def run(*given):
        for tensor in (x, *others):
            tensor.grad = None
            tensor.requires_grad_()
        outs = call(mg, name, *given)
        outs = outs if isinstance(outs, tuple) else (outs,)
        sum((out * mg.tensor(draw(3, 4, seed=i))).sum() for i, out in enumerate(outs)).backward()
        return [*outs, *(tensor.grad for tensor in (x, *others))]

    for one, other in zip(run(x, *others), run(F.linear(x, w_ih, b_ih), *states, None, w_hh, None, b_hh), strict=True):
        np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=1e-12, atol=1e-14)


@each_cell
def test_gates_that_are_fully_open_or_shut_give_no_nan(name):
    *given, w_ih, w_hh, _, _ = arrays(name)
    outs = call(mg, name, *[mg.tensor(array, requires_grad=True) for array in (*given, 1e4 * w_ih, 1e4 * w_hh)])
    for out in outs if isinstance(outs, tuple) else (outs,):
        assert np.isfinite(out.detach().numpy()).all()
        out.sum().backward(retain_graph=True)


def test_a_wide_open_forget_gate_carries_gradients_back_as_they_are():
    x, h, c, w_ih, w_hh, b, _ = arrays("lstm_cell")
    b[4:8] = 1e3
    _, cache = recurrent.lstm_cell_forward(x, h, c, w_ih, w_hh, b, None)
    dc = draw(3, 4, seed=5)
    assert (recurrent.lstm_cell_backward((None, dc), cache)[2] == dc).all()


@each_cell
def test_a_gradient_that_nobody_wants_is_not_worked_out(name):
    *given, w_ih, w_hh, b_ih, b_hh = map(mg.tensor, arrays(name))
    w_hh.requires_grad_()
    with mg.Tape() as tape:
        outs = call(mg, name, *given, w_ih, w_hh, b_ih, b_hh)
        out = outs[0] if isinstance(outs, tuple) else outs
    (record,) = tape
    needs = tuple(one is w_hh for one in (*given, w_ih, w_hh, b_ih, b_hh))
    dout = draw(3, 4)
    found = record.op.backward((dout, None) if isinstance(outs, tuple) else dout, record.cache, needs=needs)
    assert [one is not None for one, wanted in zip(found, needs, strict=True) if wanted] == [True]
    assert all(found[i] is None for i, wanted in enumerate(needs) if not wanted and i not in (1, 2)), found
    out.sum().backward()
    assert w_hh.grad is not None


@each_cell
def test_a_shape_that_does_not_fit_is_named(name):
    words = ["h", *["c"] * (name == "lstm_cell"), "weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    for place, word in enumerate(words, start=1):
        given = arrays(name)
        right, given[place] = given[place].shape, np.concatenate([given[place]] * 2)
        rule = f"_cell: {word} must be {right} for x.shape = (3, 2) and a hidden size of 4 (weight_hh.shape[1]), got "
        with pytest.raises(mg.ShapeError, match=re.escape(f"{rule}{given[place].shape}.")):
            call(mg, name, *map(mg.tensor, given))


def test_other_wrong_arguments_are_named():
    x, h, c, w_ih, w_hh, b_ih, b_hh = map(mg.tensor, arrays("lstm_cell"))
    with pytest.raises(mg.ShapeError, match=r"lstm_cell: x must be \(examples, features\) and weight_hh \(4 \* hidden"):
        F.lstm_cell(x[0], (h, c), w_ih, w_hh)
    with pytest.raises(mg.ShapeError, match=r"lstm_cell: weight_hh must be \(12, 3\) .* got \(16, 3\)"):
        F.lstm_cell(x, (h, c), w_ih, w_hh[:, :3])
    with pytest.raises(mg.ShapeError, match=r"without weight_ih, x must be what was weighed, \(examples, 16\)"):
        F.lstm_cell(x, (h, c), None, w_hh)
    with pytest.raises(mg.ShapeError, match="its bias in it already and bias_ih None"):
        F.lstm_cell(F.linear(x, w_ih), (h, c), None, w_hh, b_ih, b_hh)
    with pytest.raises(TypeError, match=r"lstm_cell: hx must be a pair of Tensors \(h, c\), got Tensor"):
        F.lstm_cell(x, h, w_ih, w_hh)
    with pytest.raises(TypeError, match="lstm_cell: expected Tensors, got"):
        F.lstm_cell(x, (None, c), w_ih, w_hh)
    with pytest.raises(ValueError, match="rnn_cell: nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        F.rnn_cell(x, h, w_ih[:4], w_hh[:4], nonlinearity="sigmoid")
