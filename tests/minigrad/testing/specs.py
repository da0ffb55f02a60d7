"""A spec for every op of minigrad, by the name of its backward in `minigrad.ops`: `linear.fc`, `activation.elu`."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from minigrad.ops import (
    activation,
    arithmetic,
    average_pooling,
    convolution,
    cumulative,
    dropout,
    einsum,
    elementwise,
    embedding,
    indexing,
    interpolation,
    linear,
    loss,
    normalization,
    ordering,
    pad,
    pointwise_loss,
    pooling,
    recurrent,
    reduction,
    shape,
    softmax,
    transposed_convolution,
)
from minigrad.testing import Case, OpSpec
from minigrad.testing import strategies as draw
from tests.wrong_backwards.fully_connected import fc_arguments

SPECS: dict[str, OpSpec] = {}
POSITIVE = draw.arrays(low=0.3, high=3)


def mixed(shape):
    """Arrays with ties, and without."""
    return st.one_of(draw.distinct_values(shape), draw.ties(shape))


def spec(module, name, inputs, settings=None, **more):
    """The spec of the pair name_forward, name_backward of a module."""
    forward, backward = getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")
    key = f"{module.__name__.rsplit('.', 1)[1]}.{name}"
    SPECS[key] = OpSpec(forward, backward, inputs, settings or {}, **more)


def row(module, name, inputs, settings=None, **more):
    """The spec of a row of a module's table."""
    forward, backward = module.pair(name)
    key = f"{module.__name__.rsplit('.', 1)[1]}.{name}"
    SPECS[key] = OpSpec(forward, backward, inputs, settings or {}, **more)


# -- two arguments -----------------------------------------------------------------------------------------------------

TWO = draw.broadcastable(2)
for name, reference in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "atan2": np.arctan2}.items():
    spec(arithmetic, name, TWO, broadcasts=True, reference=reference)
spec(arithmetic, "logaddexp", TWO, broadcasts=True, reference=np.logaddexp)
spec(arithmetic, "div", draw.broadcastable(2, low=0.5), broadcasts=True, reference=np.divide)
spec(arithmetic, "pow", draw.broadcastable(2, low=0.3), broadcasts=True, reference=np.power)
for name, reference in {"maximum": np.maximum, "minimum": np.minimum}.items():
    spec(arithmetic, name, draw.broadcastable(2), broadcasts=True, reference=reference)
ROUNDINGS = {"rounding": st.sampled_from(["floor", "trunc"])}
spec(arithmetic, "rounded_div", draw.broadcastable(2, low=0.5), ROUNDINGS, broadcasts=True)
spec(arithmetic, "remainder", draw.broadcastable(2, low=0.53, high=3), ROUNDINGS, broadcasts=True)
BOUNDS = st.sampled_from([(-1.5, -0.5, 0.5, 1.5), (0.5, 1.5, -1.5, -0.5)])  # of low and of high, which may cross


@st.composite
def clamps(draw_):
    shape, (low, top, bottom, high) = draw_(draw.shapes()), draw_(BOUNDS)
    floor, ceiling = draw_(draw.arrays(shape, low=low, high=top)), draw_(draw.arrays(shape, low=bottom, high=high))
    only = draw_(st.sampled_from(["both", "floor", "ceiling"]))
    return draw_(draw.arrays(shape)), None if only == "ceiling" else floor, None if only == "floor" else ceiling


spec(arithmetic, "clamp", clamps(), broadcasts=True)
spec(
    arithmetic,
    "where",
    draw.shapes().flatmap(
        lambda n: st.tuples(draw.arrays(n), draw.arrays(n), draw.arrays(n).map(lambda array: array > 0))
    ),
    broadcasts=True,
    reference=lambda x, y, condition: np.where(condition, x, y),
)

# -- element by element ------------------------------------------------------------------------------------------------

RANGES = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "log1p"), POSITIVE),
    **dict.fromkeys(("asin", "acos", "atanh"), draw.arrays(low=-0.8, high=0.8)),
    "acosh": draw.arrays(low=1.2, high=3),
    "tan": draw.arrays(low=-1.2, high=1.2),
}
KINKS = {**dict.fromkeys(("abs", "sign"), (0.0,)), **dict.fromkeys(("floor", "ceil", "trunc", "frac"), range(-2, 3))}
for name in elementwise.TABLE:
    spec(elementwise, name, RANGES.get(name, draw.arrays()), kinks=tuple(KINKS.get(name, ())))
spec(elementwise, "round", draw.arrays(), kinks=(-1.5, -0.5, 0.5, 1.5))
spec(elementwise, "relu", draw.arrays(), kinks=(0.0,), reference=lambda x: np.maximum(x, 0))
SETTINGS = {
    "leaky_relu": {"negative_slope": 0.1},
    "elu": {"alpha": 0.7},
    "softplus": {"beta": 1.5, "threshold": 20.0},
    "hardtanh": {"min_val": -1.0, "max_val": 0.5},
}
BENDS = {"leaky_relu": (0.0,), "elu": (0.0,), "selu": (0.0,), "hardtanh": (-1.0, 0.5)}
for name in activation.TABLE:
    row(activation, name, draw.arrays(), SETTINGS.get(name), kinks=BENDS.get(name, ()))

# -- reductions and order ----------------------------------------------------------------------------------------------

spec(reduction, "sum", draw.reductions(), reference=lambda x, axis, keepdims: np.sum(x, axis, keepdims=keepdims))
spec(reduction, "mean", draw.reductions(), reference=lambda x, axis, keepdims: np.mean(x, axis, keepdims=keepdims))
spec(
    reduction,
    "prod",
    draw.reductions(several=False),
    reference=lambda x, axis, keepdims: x.prod(axis, keepdims=keepdims),
)
spec(reduction, "amax", draw.reductions(mixed), reference=lambda x, axis, keepdims: x.max(axis, keepdims=keepdims))
spec(reduction, "amin", draw.reductions(mixed), reference=lambda x, axis, keepdims: x.min(axis, keepdims=keepdims))
spec(reduction, "median", draw.shapes(1, 2).flatmap(mixed))
for name in ("var", "std"):
    wide = draw.reductions(draw.distinct_values).filter(lambda case: _averaged(case) > 1)
    spec(reduction, name, wide, {"correction": st.sampled_from([0, 1])})
spec(reduction, "logsumexp", draw.reductions())
spec(reduction, "norm", draw.reductions(), {"p": st.sampled_from([1, 2, 3, math.inf])}, kinks=(0.0,))


def _averaged(case):
    axis, array = case.settings["axis"], case.args[0]
    axes = range(array.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod(array.shape[i] for i in axes)


def _front_axis(case):
    """The ordering ops are given axes counted from the front."""
    return Case(case.args, {**case.settings, "axis": case.settings["axis"] % case.args[0].ndim})


ONE_AXIS = draw.reductions(mixed, several=False, none=False).map(_front_axis)
for name in ("max", "min", "median"):
    spec(ordering, name, ONE_AXIS)
NO_KEEPDIMS = ONE_AXIS.map(lambda case: Case(case.args, {"axis": case.settings["axis"]}))
spec(ordering, "sort", NO_KEEPDIMS, {"descending": st.booleans()})
spec(ordering, "topk", NO_KEEPDIMS, {"k": 1, "largest": st.booleans()})
spec(cumulative, "cumsum", NO_KEEPDIMS, reference=np.cumsum)
spec(cumulative, "cumprod", NO_KEEPDIMS, reference=np.cumprod)
LAST = draw.arrays(draw.shapes(1, 3))
for name in ("softmax", "log_softmax"):
    spec(softmax, name, (LAST,), {"axis": st.sampled_from([0, -1])})

# -- shape and selection -----------------------------------------------------------------------------------------------

spec(shape, "copy", draw.arrays())
spec(shape, "reshape", draw.arrays(draw.shapes(0, 3)), {"shape": (-1,)})
spec(shape, "permute", draw.arrays(draw.shapes(3, 3)), {"axes": st.permutations(range(3)).map(tuple)})
spec(shape, "expand", (draw.arrays(st.sampled_from([(2, 1, 3), (1, 3), (1, 1)])),), {"shape": (2, 3, 3)})
spec(
    shape,
    "diagonal",
    draw.arrays((3, 2, 4)),
    {"offset": st.sampled_from([-3, -1, 0, 2]), "axis1": st.sampled_from([0, 2]), "axis2": 1},
    reference=lambda x, **which: np.diagonal(x, **which),
)
PARTS = st.lists(draw.arrays((2, 3)), min_size=1, max_size=3).map(lambda parts: Case((parts,)))
spec(shape, "cat", PARTS, {"axis": st.sampled_from([0, 1, -1])})
spec(shape, "stack", PARTS, {"axis": st.sampled_from([0, 1, 2])})
spec(shape, "split", draw.arrays((2, 6)), {"lengths": st.sampled_from([(1, 5), (2, 2, 2)]), "axis": 1})
spec(shape, "unbind", draw.arrays((3, 2)), {"axis": st.sampled_from([0, 1])})
INDICES = st.sampled_from(
    [
        0,
        -1,
        slice(None, None, 2),
        (slice(1, None), 0),
        (..., None),
        np.array([0, 2, 0]),
        (np.array([[0, 1], [1, 1]]), 1),
    ]
)
spec(indexing, "getitem", draw.arrays((3, 2)), {"index": INDICES})
spec(
    indexing,
    "put",
    (draw.arrays((3, 2)), draw.arrays((2, 2))),
    {"index": st.sampled_from([slice(1, None), np.array([0, 2])]), "accumulate": st.booleans()},
)
spec(pad, "pad", draw.arrays((2, 3)), {"widths": st.sampled_from([((0, 0), (1, 2)), ((2, 1), (0, 0))]), "value": 0.5})


@st.composite
def lookups(draw_):
    table = draw_(draw.arrays((draw_(st.integers(2, 4)), draw_(st.integers(1, 3)))))
    return draw_(draw.arrays((draw_(st.integers(1, 6)),), low=0, high=len(table), dtype=np.int64)), table


spec(embedding, "embedding", lookups(), reference=lambda indices, weight: weight[indices])
spec(
    dropout,
    "dropout",
    draw.shapes().flatmap(lambda n: st.tuples(draw.arrays(n), draw.arrays(n).map(lambda array: array > 0))),
)

# -- products ----------------------------------------------------------------------------------------------------------

spec(linear, "fc", fc_arguments(), reference=lambda x, w, b: x @ w + b)
spec(linear, "linear", fc_arguments().map(lambda a: (a[0], a[1].T, a[2])), reference=lambda x, w, b: x @ w.T + b)
PRODUCTS = st.sampled_from(
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((2, 1, 2, 3), (3, 3, 1)),
        ((2, 2, 3), (3, 2)),
        ((2, 2, 3), (3,)),
    ]
).flatmap(lambda two: st.tuples(draw.arrays(two[0]), draw.arrays(two[1])))
spec(linear, "matmul", PRODUCTS, reference=np.matmul, broadcasts=True)
EQUATIONS = st.sampled_from(
    [("ij", "jk", "ik"), ("ij", "ij", ""), ("ii", "i", "i"), ("ij", "kj", "ik"), ("ab", "b", "ba")]
)


@st.composite
def einsums(draw_):
    one, other, output = draw_(EQUATIONS)
    lengths = {letter: draw_(st.integers(1, 3)) for letter in sorted(set(one + other))}
    parts = [draw_(draw.arrays(tuple(lengths[letter] for letter in letters))) for letters in (one, other)]
    return Case((parts,), {"subscripts": (one, other), "output": output})


spec(einsum, "einsum", einsums())

# -- images ------------------------------------------------------------------------------------------------------------

spec(convolution, "conv2d", draw.conv_cases(max_side=5))
spec(convolution, "conv1d", draw.conv_cases(1, max_side=5))
spec(transposed_convolution, "conv_transpose2d", draw.conv_transpose_cases())
spec(transposed_convolution, "conv_transpose1d", draw.conv_transpose_cases(1))
spec(pooling, "max_pool2d", draw.pool_cases(values=mixed, max_side=5))
spec(average_pooling, "avg_pool2d", draw.pool_cases(max_side=5), {"count_include_pad": st.booleans()})
IMAGES = draw.arrays(draw.shapes(4, 4, min_side=2))
spec(average_pooling, "adaptive_avg_pool2d", IMAGES, {"output_size": st.sampled_from([1, 2, (1, 2)])})
RESIZING = {
    "size": st.sampled_from([1, 3, (5, 2), (2, 7)]),
    "mode": st.sampled_from(["nearest", "bilinear"]),
    "align_corners": st.booleans(),
    "scale": st.sampled_from([(None, None), (1.7, None), (0.6, 2)]),
}
spec(interpolation, "interpolate", IMAGES, RESIZING)


@st.composite
def normalized(draw_, *, images=True, rows=False):
    n, c = draw_(st.integers(3, 5)), draw_(st.integers(3, 4) if rows else st.integers(1, 3))
    lengths = draw_(st.sampled_from([(), (2,), (2, 2)])) if images else ()
    x = draw_(draw.distinct_values((n, c, *lengths), gap=0.1))
    return x, draw_(draw.arrays((c,), low=0.5)), draw_(draw.arrays((c,)))


spec(normalization, "batch_norm", normalized())
spec(
    normalization,
    "layer_norm",
    normalized(images=False, rows=True).map(lambda a: Case(a, {"normalized_shape": a[1].shape})),
)
# The running statistics are constants: they get no gradient, so they are no arguments here.
SPECS["normalization.batch_norm_eval"] = OpSpec(
    lambda x, weight, bias: normalization.batch_norm_eval_forward(x, bias * 0 + 0.3, bias * 0 + 2, weight, bias),
    lambda dout, cache: (
        normalization.batch_norm_eval_backward(dout, cache)[0],
        *normalization.batch_norm_eval_backward(dout, cache)[3:],
    ),
    normalized(),
    name="batch_norm_eval",
)

# -- recurrent cells ---------------------------------------------------------------------------------------------------


@st.composite
def steps(draw_, gates, states=1):
    """x, the states, the weights and the biases; without biases, or with an x that was weighed before, too."""
    n, i, h = (draw_(st.integers(1, 3)) for _ in "nih")
    weighed = draw_(st.booleans())
    x = draw_(draw.arrays((n, gates * h if weighed else i)))
    before = [draw_(draw.arrays((n, h))) for _ in range(states)]
    weights = None if weighed else draw_(draw.arrays((gates * h, i))), draw_(draw.arrays((gates * h, h)))
    biases = [draw_(draw.arrays((gates * h,))) if draw_(st.booleans()) else None for _ in "ih"]
    return x, *before, *weights, None if weighed else biases[0], biases[1]


# As people write it in NumPy: all of it in one line a gate.
def _sum(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    of_x = x if weight_ih is None else x @ weight_ih.T
    return of_x + h @ weight_hh.T + sum(bias for bias in (bias_ih, bias_hh) if bias is not None)


def rnn_reference(*args, nonlinearity):
    return np.tanh(_sum(*args)) if nonlinearity == "tanh" else np.maximum(_sum(*args), 0)


spec(recurrent, "rnn_cell", steps(1), {"nonlinearity": st.sampled_from(["tanh", "relu"])}, reference=rnn_reference)


def lstm_reference(x, h, c, *weights):
    i, f, g, o = np.split(_sum(x, h, *weights), 4, axis=1)
    c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return np.tanh(c) / (1 + np.exp(-o)), c


spec(recurrent, "lstm_cell", steps(4, states=2), reference=lstm_reference)


def gru_reference(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    u = _sum(x, h * 0, weight_ih, weight_hh, bias_ih, None)
    v = _sum(np.zeros_like(u), h, None, weight_hh, None, bias_hh)
    (u_r, u_z, u_n), (v_r, v_z, v_n) = np.split(u, 3, axis=1), np.split(v, 3, axis=1)
    z = 1 / (1 + np.exp(-u_z - v_z))
    return (1 - z) * np.tanh(u_n + v_n / (1 + np.exp(-u_r - v_r))) + z * h


spec(recurrent, "gru_cell", steps(3), reference=gru_reference)

# -- losses ------------------------------------------------------------------------------------------------------------


CLASSES = st.integers(2, 4)
AROUND = st.sampled_from([((3,), ()), ((), ()), ((1,), ()), ((2,), (3,)), ((2,), (1, 2))])  # the axis of the classes


@st.composite
def classified(draw_):
    c, (before, after) = draw_(CLASSES), draw_(AROUND)
    labels = draw_(draw.arrays((*before, *after), low=0, high=c, dtype=np.int64))
    return draw_(draw.arrays((*before, c, *after))), labels, None


@st.composite
def shared_out(draw_):
    c, (before, after) = draw_(CLASSES), draw_(AROUND)
    shape = (*before, c, *after)
    return draw_(draw.arrays(shape)), draw_(draw.arrays(shape, low=0, high=1)), None


REDUCTIONS = {"reduction": st.sampled_from(["mean", "sum", "none"])}
spec(
    loss,
    "cross_entropy",
    st.one_of(classified(), shared_out()),
    {**REDUCTIONS, "label_smoothing": st.sampled_from([0.0, 0.2])},
)
spec(loss, "nll_loss", classified(), REDUCTIONS)
PROBABILITIES = draw.broadcastable(2, low=0.1, high=0.9)
LOSS_SETTINGS = {
    "smooth_l1_loss": {"beta": 0.7},
    "huber_loss": {"delta": 0.7},
    "binary_cross_entropy_with_logits": {"pos_weight": 1.5},
    "kl_div": {"log_target": st.booleans()},
}
for name in pointwise_loss.TABLE:
    inputs = draw.broadcastable(2) if name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss") else PROBABILITIES
    row(pointwise_loss, name, inputs, {**REDUCTIONS, **LOSS_SETTINGS.get(name, {})}, broadcasts=True)
