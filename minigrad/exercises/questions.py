"""What each exercise asks for: the table.

Most are a pair or a loss, and a line says on which calls it is tried. The others have their own parts, below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg
from minigrad.exercises import diamond
from minigrad.exercises.answer import Complaint, described
from minigrad.exercises.judging import Asked, Question, Step, compare, each, loss, pair
from minigrad.exercises.report import WRONG
from minigrad.testing import catalog
from minigrad.testing import strategies as draw
from minigrad.testing.case import Case

# -- calls -------------------------------------------------------------------------------------------------------------

ANY_SHAPE = draw.cases((draw.arrays(st.one_of(draw.shapes(2, 3), draw.shapes(0, 1))),))
FC = catalog.find("fc")[0].inputs
DENSE = catalog.find("fc_relu")[1].inputs
SCORES = catalog.find("softmax_loss")[0].inputs
CONV = catalog.find("conv")[0].inputs
BATCH_NORM = catalog.find("batchnorm")[-1].inputs
LAYER_NORM = catalog.find("layernorm")[-1].inputs


def _mixed(shape: tuple[int, ...]) -> Any:
    """Values with ties, now and then."""
    return st.one_of(draw.distinct_values(shape), draw.distinct_values(shape), draw.ties(shape))


POOL = draw.pool_cases(values=_mixed, padding=False, max_side=5).map(
    lambda case: Case(case.args, {"size": case.settings["kernel_size"], "stride": case.settings["stride"]})
)


@st.composite
def _dropout(draw_: st.DrawFn) -> Case:
    x = draw_(draw.arrays(draw.shapes(1, 3)))
    kept = draw_(draw.arrays(x.shape, low=0, high=2, dtype=np.int64)) == 1
    return Case((x, kept), {"p": draw_(st.sampled_from([0.2, 0.5, 0.75]))})


@st.composite
def _attention(draw_: st.DrawFn) -> Case:
    t, s, d, e = (draw_(st.integers(1, 4)) for _ in "tsde")
    return Case((draw_(draw.arrays((t, d))), draw_(draw.arrays((s, d))), draw_(draw.arrays((s, e)))))


@st.composite
def _channels(draw_: st.DrawFn) -> Case:
    x = draw_(draw.arrays(draw.shapes(4, 4, max_side=3)))
    return Case((x, draw_(draw.arrays(x.shape[1:2])), draw_(draw.arrays(x.shape[1:2]))))


@st.composite
def _rnn(draw_: st.DrawFn) -> Case:
    n, d, h = (draw_(st.integers(1, 3)) for _ in "ndh")
    return Case(tuple(draw_(draw.arrays(shape, low=-1, high=1)) for shape in ((n, d), (n, h), (d, h), (h, h))))


@st.composite
def _words(draw_: st.DrawFn) -> Case:
    words = draw_(draw.arrays((draw_(st.integers(1, 6)),), low=0, high=3, dtype=np.int64))
    return Case((words, draw_(draw.arrays((3, draw_(st.integers(1, 3)))))))


# -- softmax-loss: the scores of a network that is very sure -----------------------------------------------------------


def _is_stable(asked: Asked) -> None:
    x, y = np.array([[1000.0, 0.0, -1000.0], [-3000.0, -3000.0, -3001.0]]), np.array([1, 0])
    value, dx = asked.answer.function("softmax_loss")(x.copy(), y.copy())
    right, due = asked.solution("softmax_loss")(x, y)
    for what, found, expected in (("the loss", value, right), ("dx", dx, due)):
        if not np.isfinite(np.asarray(found, float)).all():
            raise Complaint(f"for scores like 1000 {what} is not finite; take the maximum of each row away first")
        compare(found, np.asarray(expected), f"for scores like 1000 {what}", Case((x, y)))


# -- sgd-momentum ------------------------------------------------------------------------------------------------------

MISTAKEN_STEPS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "the velocity is not used: w moves by lr * dw": lambda w, dw, v, lr, m: (w - lr * dw, m * v + dw),
    "w moves uphill: lr * velocity must be subtracted": lambda w, dw, v, lr, m: (w + lr * (m * v + dw), m * v + dw),
    "w moves by the old velocity; the new one comes first": lambda w, dw, v, lr, m: (w - lr * v, m * v + dw),
    "lr is in the velocity: that is another convention, in which a changed lr acts late": (
        lambda w, dw, v, lr, m: (w - (m * v + lr * dw), m * v + lr * dw)
    ),
    "dw is multiplied by 1 - momentum: that is a running mean, another convention": (
        lambda w, dw, v, lr, m: (w - lr * (m * v + (1 - m) * dw), m * v + (1 - m) * dw)
    ),
    "momentum is not used": lambda w, dw, v, lr, m: (w - lr * (v + dw), v + dw),
    "that is Nesterov's step, which looks one step ahead": (
        lambda w, dw, v, lr, m: (w - lr * (dw + m * (m * v + dw)), m * v + dw)
    ),
}


def _step(asked: Asked) -> tuple[tuple[Any, ...], Any, Any]:
    """(what was given, what came back, what should have)."""
    rng = np.random.default_rng(asked.seed)
    given = (*(rng.uniform(-1, 1, (2, 3)).round(2) for _ in range(3)), 0.1, 0.8)
    function = asked.answer.function("sgd_momentum")
    found = function(*(np.copy(one) if isinstance(one, np.ndarray) else one for one in given))
    if not (isinstance(found, tuple) and len(found) == 2):
        raise Complaint(f"sgd_momentum must return (w, velocity), got {described(found)}")
    return given, found, asked.solution("sgd_momentum")(*given)


def _step_is_right(which: int, what: str) -> Step:
    def look(asked: Asked) -> None:
        given, found, due = _step(asked)
        try:
            compare(found[which], due[which], what, Case(given))
        except Complaint as complaint:
            for sentence, mistaken in MISTAKEN_STEPS.items():
                if np.shape(found[which]) == (2, 3) and np.allclose(found[which], mistaken(*given)[which]):
                    raise Complaint(f"{sentence}\n{complaint.message}") from None
            raise

    return look


def _step_leaves_inputs_alone(asked: Asked) -> None:
    given, _, _ = _step(asked)
    arrays = [np.copy(one) for one in given[:3]]
    asked.answer.function("sgd_momentum")(*arrays, *given[3:])
    for name, array, before in zip(("w", "dw", "velocity"), arrays, given[:3], strict=True):
        if not np.array_equal(array, before):
            raise Complaint(f"it writes into {name}, which belongs to the caller: `a -= b` does, `a = a - b` does not")


# -- two-layer ---------------------------------------------------------------------------------------------------------

TWO_LAYER = ("dx", "dw1", "db1", "dw2", "db2")


@st.composite
def _two_layers(draw_: st.DrawFn) -> Case:
    n, d, h, c = (draw_(st.integers(2, 4)) for _ in "ndhc")
    x, y = draw_(draw.arrays((n, d))), draw_(draw.arrays((n,), low=0, high=c, dtype=np.int64))
    return Case((x, y, *(draw_(draw.arrays(shape)) for shape in ((d, h), (h,), (h, c), (c,)))))


def _tape_agrees(asked: Asked) -> None:
    names = ("loss", *TWO_LAYER)
    for case in asked.calls(_two_layers())[:4]:
        found = asked.answer.function("by_tape")(*case.copied().args)
        if not (isinstance(found, (tuple, list)) and len(found) == len(names)):
            raise Complaint(f"by_tape must return ({', '.join(names)}), got {described(found)}")
        for name, one, due in zip(names, found, asked.solution("by_hand")(*case.args), strict=True):
            if one is None:
                raise Complaint(f"{name} is None: was requires_grad=True said, and loss.backward() called?")
            array = one.detach().numpy() if isinstance(one, mg.Tensor) else one
            compare(array, np.asarray(due), name, case)


# -- own-op ------------------------------------------------------------------------------------------------------------


def _is_lifted(asked: Asked) -> None:
    values = np.array([[-2.0, 0.5], [0.0, 3.0]])
    x = mg.tensor(values, requires_grad=True)
    try:
        out = asked.answer.function("softsign")(x)
    except Complaint as complaint:
        if complaint.verdict == WRONG:
            complaint.message += "\nIs it lifted? mg.differentiable(forward, backward) makes an op on Tensors of a pair"
        raise
    if not isinstance(out, mg.Tensor):
        raise Complaint(f"softsign(x) of a Tensor must give a Tensor, got {described(out)}. Lift it: mg.differentiable")
    if not out.requires_grad:
        raise Complaint("softsign(x) leaves no record on the tape. Lift the pair with mg.differentiable")
    try:
        (out * out).sum().backward()
    except Exception as error:
        raise asked.answer.complaint(error, "softsign_backward") from None
    size, call = 1 + np.abs(values), Case((values,))
    compare(out.detach().numpy(), values / size, "softsign(x)", call)
    if x.grad is None:
        raise Complaint("softsign(x).sum().backward() leaves no gradient in x.grad")
    compare(x.grad.numpy(), 2 * values / size**3, "x.grad after the sum of softsign(x)²", call)


# -- the table ---------------------------------------------------------------------------------------------------------

QUESTIONS: dict[str, Question] = {
    "square": pair("square", ANY_SHAPE, ("dx",)),
    "diamond": each(diamond.FUNCTIONS, diamond.STEPS),
    "sigmoid": pair("sigmoid", ANY_SHAPE, ("dx",), asks_forward=True),
    "fc": pair("fc", FC, ("dx", "dw", "db")),
    "relu": pair("relu", ANY_SHAPE, ("dx",), kinks=(0.0,)),
    "fc-relu": pair("fc_relu", DENSE, ("dx", "dw", "db"), asks_forward=True),
    "softmax-loss": loss("softmax_loss", SCORES, ("dx",), also={"large scores": _is_stable}),
    "two-layer": loss("by_hand", _two_layers(), TWO_LAYER, also={"by the tape": _tape_agrees}),
    "sgd-momentum": each(
        ("sgd_momentum",),
        {
            "velocity": _step_is_right(1, "the new velocity"),
            "w": _step_is_right(0, "the new w"),
            "inputs left alone": _step_leaves_inputs_alone,
        },
    ),
    "mse": loss("mse_loss", catalog.find("mse_loss")[0].inputs, ("dx",)),
    "conv2d": pair("conv2d", CONV, ("dx", "dw", "db")),
    "max-pool2d": pair("max_pool2d", POOL, ("dx",)),
    "batch-norm": pair("batch_norm", BATCH_NORM, ("dx", "dgamma", "dbeta")),
    "layer-norm": pair("layer_norm", LAYER_NORM, ("dx", "dgamma", "dbeta")),
    "dropout": pair("dropout", _dropout(), ("dx",), asks_forward=True),
    "attention": pair("attention", _attention(), ("dq", "dk", "dv")),
    "own-op": pair("softsign", ANY_SHAPE, ("dx",), asks_forward=True, also={"on the tape": _is_lifted}),
    "bug-broadcast": pair("channel_scale", _channels(), ("dx", "dscale", "dshift")),
    "bug-mask": pair("dense_relu", DENSE, ("dx", "dw", "db")),
    "bug-mean": loss("softmax_loss", SCORES, ("dx",), asks_value=False),
    "bug-transpose": pair("rnn_step", _rnn(), ("dx", "dh", "dwx", "dwh")),
    "bug-accumulate": pair("lookup", _words(), ("dtable",)),
    "bug-variance": pair("batch_norm", BATCH_NORM, ("dx", "dgamma", "dbeta")),
}
