"""Names that courses use for their layers, with calls to try them on and what the right output is.

One name can mean several signatures: `conv_forward(x, w, b, stride, padding)` here, `conv_forward(x, w, b, conv_param)`
there. Each is a `Call`; the first one that the student's function takes is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from minigrad.ops import (
    activation,
    arithmetic,
    average_pooling,
    convolution,
    elementwise,
    embedding,
    loss,
    normalization,
    pooling,
    reduction,
    softmax,
)
from minigrad.testing import strategies as draw
from minigrad.testing.case import Case


@dataclass(frozen=True)
class Call:
    """One way to call an op.

    inputs: a strategy for a Case. Of its settings a function is given those that it has a parameter for.
    reference: of the same arguments and all settings, the right output; None if there is no one right output.
    kinks: as in OpSpec.
    parameter: the name that a parameter of the function must have for this call to be meant; "" for any.
    """

    inputs: SearchStrategy[Case]
    reference: Callable | None = None
    kinks: tuple[float, ...] = ()
    parameter: str = ""


def find(name: str) -> tuple[Call, ...]:
    """The calls of an op of this name, as it stands before `_forward`; none if the name is not known."""
    return CALLS.get(ALIASES.get(name.lower(), name.lower()), ())


def _output(forward: Callable) -> Callable:
    """What a forward of the library's gives, without its cache."""

    def reference(*args: Any, **settings: Any) -> Any:
        out = forward(*args, **settings)[0]
        return out[0] if isinstance(out, tuple) else out

    return reference


# -- fully connected ---------------------------------------------------------------------------------------------------


@st.composite
def _fully_connected(draw_: st.DrawFn, *, turned: bool = False, images: bool = True) -> Case:
    """x (N, d1..dk), w (D, M) or, as PyTorch has it, (M, D), b (M,)."""
    n, m = draw_(st.integers(1, 4)), draw_(st.integers(1, 4))
    lengths = draw_(draw.shapes(1, 2 if images else 1, max_side=3))
    d = int(np.prod(lengths))
    x, b = draw_(draw.arrays((n, *lengths))), draw_(draw.arrays((m,)))
    w = draw_(draw.arrays((m, d) if turned else (d, m)))
    return Case((x, w, b))


def _fc(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1) @ w + b


def _fc_relu(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum(_fc(x, w, b), 0)


FULLY_CONNECTED = (
    Call(_fully_connected(), _fc),
    Call(_fully_connected(images=False), _fc),
    Call(_fully_connected(turned=True, images=False), lambda x, w, b: x @ w.T + b),
    Call(_fully_connected(images=False).map(lambda case: Case(case.args[:2])), lambda x, w: x @ w),
)


# -- one argument ------------------------------------------------------------------------------------------------------


def _one(reference: Callable, kinks: tuple[float, ...] = (), low: float = -2.0, **settings: Any) -> tuple[Call, ...]:
    """Of an op that works element by element."""
    shapes = st.one_of(draw.shapes(2, 3), draw.shapes(0, 1))
    inputs = draw.cases((draw.arrays(shapes, low=low),), settings)
    return (Call(inputs, reference, kinks),)


def _along(reference: Callable) -> tuple[Call, ...]:
    """Of an op that works along the last axis of rows (N, C), or along `axis`."""
    rows = draw.arrays(st.one_of(draw.shapes(2, 2), st.just((3, 3))))

    def last(x: np.ndarray, axis: int = -1, dim: int | None = None) -> np.ndarray:
        return reference(x, axis if dim is None else dim)

    named = [Call(draw.cases((rows,), {word: st.sampled_from([0, 1, -1])}), last) for word in ("axis", "dim")]
    return (*named, Call(draw.cases((rows,)), last))


def _reduced(forward: Callable, values: Any = draw.arrays) -> tuple[Call, ...]:
    """Of a reduction f(x, axis=, keepdims=)."""

    def reference(x: np.ndarray, axis: Any = None, keepdims: bool = False, dim: Any = None) -> np.ndarray:
        return forward(x, axis if dim is None else dim, keepdims)

    one_axis = draw.reductions(values, several=False, none=False)
    renamed = one_axis.map(lambda case: Case(case.args, {"dim": case.settings["axis"]}))
    positional = one_axis.map(lambda case: Case((*case.args, case.settings["axis"])))
    whole = draw.reductions(values).map(lambda case: Case(case.args))
    return Call(one_axis, reference), Call(renamed, reference), Call(positional, reference), Call(whole, reference)


def _with_ties(shape: tuple[int, ...]) -> SearchStrategy[np.ndarray]:
    """Mostly without, as a kink tells little; but what ties get must be seen too."""
    return st.one_of(draw.distinct_values(shape), draw.distinct_values(shape), draw.ties(shape))


# -- several arguments -------------------------------------------------------------------------------------------------


def _two(reference: Callable, **values: Any) -> tuple[Call, ...]:
    """Of an op of two arrays, that may broadcast; or of two of one shape, for a backward that does not sum."""
    return (Call(draw.broadcastable(2, **values).map(Case), reference),)


@st.composite
def _product(draw_: st.DrawFn) -> Case:
    n, k, m = (draw_(st.integers(1, 4)) for _ in range(3))
    return Case((draw_(draw.arrays((n, k))), draw_(draw.arrays((k, m)))))


@st.composite
def _lookup(draw_: st.DrawFn, weight_first: bool = False) -> Case:
    """indices of any shape, with repeats, and the table (V, D)."""
    size = draw_(st.integers(1, 4))
    indices = draw_(draw.arrays(draw.shapes(1, 2), low=0, high=size, dtype=np.int64))
    weight = draw_(draw.arrays((size, draw_(st.integers(1, 3)))))
    return Case((weight, indices) if weight_first else (indices, weight))


# -- images ------------------------------------------------------------------------------------------------------------


def _conv(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int = 1, padding: int = 0, **other: Any) -> np.ndarray:
    return convolution.conv2d_forward_naive(x, w, b, stride, other.get("pad", padding))[0]


def _with_dict(case: Case, names: Mapping[str, str], **more: Any) -> Case:
    """The settings in one dict, the last argument, under a course's names."""
    return Case((*case.args, {names.get(word, word): value for word, value in case.settings.items()} | more))


def _from_dict(reference: Callable, names: Mapping[str, str]) -> Callable:
    turned = {theirs: ours for ours, theirs in names.items()}

    def call(*args: Any) -> Any:
        *arrays, settings = args
        return reference(*arrays, **{turned.get(word, word): value for word, value in settings.items()})

    return call


def _convolutions() -> tuple[Call, ...]:
    plain = draw.conv_cases(dilations=False, groups=False, max_side=5)
    short = plain.map(
        lambda case: Case(case.args, {"stride": case.settings["stride"], "pad": case.settings["padding"]})
    )
    names = {"padding": "pad"}
    bare = draw.conv_cases(dilations=False, groups=False, strides=False, max_side=5).filter(
        lambda case: case.settings["padding"] == 0
    )
    return (
        Call(plain, _conv),
        Call(short, _conv),
        Call(plain.map(lambda case: _with_dict(case, names)), _from_dict(_conv, names)),
        Call(plain.map(lambda case: Case((*case.args, *case.settings.values()))), _conv),
        Call(plain.map(lambda case: Case(case.args, {"stride": case.settings["stride"]})), _conv),
        Call(bare.map(lambda case: Case(case.args)), _conv),
    )


def _pools(forward: Callable) -> tuple[Call, ...]:
    def reference(x: np.ndarray, kernel_size: Any, stride: int | None = None, padding: int = 0, **_: Any) -> np.ndarray:
        out = forward(x, kernel_size, stride or kernel_size, padding)[0]
        return out[0] if isinstance(out, tuple) else out

    def window(x: np.ndarray, settings: dict[str, int]) -> np.ndarray:
        return reference(x, (settings["pool_height"], settings["pool_width"]), settings["stride"])

    padded = draw.pool_cases(values=_with_ties, max_side=5)
    plain = draw.pool_cases(values=_with_ties, padding=False, max_side=5)

    def as_dict(case: Case) -> Case:
        size = case.settings["kernel_size"]
        return Case((*case.args, {"pool_height": size, "pool_width": size, "stride": case.settings["stride"]}))

    def renamed(word: str) -> Call:
        calls = plain.map(
            lambda case: Case(case.args, {word: case.settings["kernel_size"], "stride": case.settings["stride"]})
        )
        return Call(calls, lambda x, stride, **size: reference(x, size[word], stride))

    return (
        Call(padded, reference),
        Call(plain, reference),
        *(renamed(word) for word in ("pool_size", "size", "kernel", "k", "window", "pool")),
        Call(plain.map(as_dict), window),
        Call(plain.map(lambda case: Case((*case.args, *case.settings.values()))), reference),
        Call(plain.map(lambda case: Case((*case.args, case.settings["kernel_size"]))), reference),
    )


# -- normalisation and dropout -----------------------------------------------------------------------------------------


@st.composite
def _normalized(draw_: st.DrawFn, images: bool = False) -> Case:
    """x (N, C), or (N, C, H, W), of different values; gamma, beta (C,)."""
    n, c = draw_(st.integers(4, 6)), draw_(st.integers(1, 4))
    shape = (n - 2, c, draw_(st.integers(2, 3)), draw_(st.integers(1, 3))) if images else (n, c)
    x = draw_(draw.distinct_values(shape, gap=0.1))
    return Case((x, draw_(draw.arrays((c,), low=0.5, high=2)), draw_(draw.arrays((c,)))))


@st.composite
def _rows(draw_: st.DrawFn) -> Case:
    """x (N, D) whose rows are normalised; gamma, beta (D,)."""
    n, d = draw_(st.integers(1, 4)), draw_(st.integers(4, 6))
    x = draw_(draw.distinct_values((n, d), gap=0.1))
    return Case((x, draw_(draw.arrays((d,), low=0.5, high=2)), draw_(draw.arrays((d,)))))


def _batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *settings: Any, **more: Any) -> np.ndarray:
    eps = (settings[0] if settings else more).get("eps", 1e-5)
    return normalization.batch_norm_forward(x, gamma, beta, eps)[0][0]


def _layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *settings: Any, **more: Any) -> np.ndarray:
    eps = (settings[0] if settings else more).get("eps", 1e-5)
    return normalization.layer_norm_forward(x, gamma, beta, gamma.shape, eps)[0]


def _norms(drawn: SearchStrategy[Case], reference: Callable) -> tuple[Call, ...]:
    """With eps, with a dict as courses have it, or with neither."""
    return (
        Call(drawn.map(lambda case: Case(case.args, {"eps": 1e-5})), reference),
        Call(drawn.map(lambda case: Case((*case.args, {"mode": "train", "eps": 1e-5}))), reference),
        Call(drawn.map(lambda case: Case(case.args, {"mode": "train"})), reference),
        Call(drawn.map(lambda case: Case(case.args, {"training": True})), reference),
        Call(drawn, reference),
    )


@st.composite
def _masked(draw_: st.DrawFn) -> Case:
    """x and a mask of 0 and 1/(1-p)."""
    x = draw_(draw.arrays(draw.shapes(1, 2)))
    kept = draw_(draw.arrays(x.shape, low=0, high=2, dtype=np.int64))
    return Case((x, kept * 2.0))


def _dropouts() -> tuple[Call, ...]:
    x = draw.arrays(st.one_of(draw.shapes(2, 2), st.just((6, 5))))
    p = st.sampled_from([0.25, 0.5, 0.75])
    seeded = st.builds(lambda x, p: Case((x, {"p": p, "mode": "train", "seed": 7})), x, p)
    return (
        Call(_masked(), lambda x, mask: x * mask, parameter="mask"),
        Call(seeded),
        Call(st.builds(lambda x, p: Case((x, p)), x, p)),
        *(Call(draw.cases((x,), {"p": p, flag: True})) for flag in ("train", "training")),
        Call(draw.cases((x,), {"p": p, "seed": 7})),
        Call(draw.cases((x,), {"p": p})),
        Call(draw.cases((x,), {"rate": p})),
        Call(draw.cases((x,))),
    )


# -- losses ------------------------------------------------------------------------------------------------------------


@st.composite
def _classified(draw_: st.DrawFn) -> Case:
    """Scores (N, C) and labels (N,)."""
    n, c = draw_(st.integers(1, 4)), draw_(st.integers(2, 4))
    scores = draw_(draw.distinct_values((n, c), gap=0.13))  # no margin of 1 is met exactly
    return Case((scores, draw_(draw.arrays((n,), low=0, high=c, dtype=np.int64))))


@st.composite
def _classified_linear(draw_: st.DrawFn) -> Case:
    """W (D, C), X (N, D), labels (N,), reg: a linear classifier whose loss is asked for the gradient of W only."""
    n, c, d = draw_(st.integers(1, 4)), draw_(st.integers(2, 4)), draw_(st.integers(1, 4))
    y = draw_(draw.arrays((n,), low=0, high=c, dtype=np.int64))
    return Case((draw_(draw.arrays((d, c))), draw_(draw.arrays((n, d))), y, 0.1))


def _cross_entropy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return loss.cross_entropy_forward(x, y)[0]


def _hinge(x: np.ndarray, y: np.ndarray) -> float:
    """The mean over the rows of Σ max(0, s_j - s_y + 1), j ≠ y."""
    rows = np.arange(len(x))
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    return float(margins.sum() / len(x))


def _pairs(low: float = -2.0, high: float = 2.0) -> SearchStrategy[Case]:
    """Predictions and targets of one shape."""
    return draw.shapes(1, 2).flatmap(
        lambda shape: st.builds(Case, st.tuples(*[draw.arrays(shape, low=low, high=high)] * 2))
    )


# -- the table ---------------------------------------------------------------------------------------------------------

ALIASES = {
    **dict.fromkeys(("affine", "linear", "dense", "fully_connected"), "fc"),
    **dict.fromkeys(("affine_relu", "linear_relu", "dense_relu"), "fc_relu"),
    **dict.fromkeys(("conv2d", "convolution", "convolution2d"), "conv"),
    **dict.fromkeys(("maxpool", "max_pool2d", "maxpool2d", "max_pooling"), "max_pool"),
    **dict.fromkeys(("avgpool", "avg_pool2d", "avgpool2d", "average_pool", "mean_pool"), "avg_pool"),
    **dict.fromkeys(("batch_norm", "bn", "batchnorm1d", "batch_normalization"), "batchnorm"),
    **dict.fromkeys(("spatial_batch_norm", "batchnorm2d", "batch_norm2d", "bn2d"), "spatial_batchnorm"),
    **dict.fromkeys(("layer_norm", "ln", "layer_normalization"), "layernorm"),
    **dict.fromkeys(("word_embedding", "embed"), "embedding"),
    **dict.fromkeys(("multiply", "times"), "mul"),
    **dict.fromkeys(("subtract", "minus"), "sub"),
    **dict.fromkeys(("divide", "truediv"), "div"),
    **dict.fromkeys(("plus",), "add"),
    **dict.fromkeys(("dot", "mm"), "matmul"),
    **dict.fromkeys(("swish",), "silu"),
    **dict.fromkeys(("logsoftmax",), "log_softmax"),
    **dict.fromkeys(("leakyrelu", "lrelu"), "leaky_relu"),
    **dict.fromkeys(("cross_entropy_loss", "cross_entropy", "softmax_cross_entropy", "ce_loss"), "softmax_loss"),
    **dict.fromkeys(("hinge_loss", "svm"), "svm_loss"),
    **dict.fromkeys(("l2_loss", "mean_squared_error", "mse"), "mse_loss"),
    **dict.fromkeys(("variance",), "var"),
}

EVERYWHERE = dict.fromkeys(("neg", "square", "exp", "sin", "cos", "tanh", "sigmoid", "sinh", "cosh", "erf", "expm1"))
POSITIVE = dict.fromkeys(("log", "sqrt", "rsqrt", "log2", "log10", "reciprocal", "log1p"))


def _leaky(x: np.ndarray, **slopes: float) -> np.ndarray:
    return np.where(x > 0, x, next(iter(slopes.values()), 0.01) * x)


def _elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


CALLS: dict[str, tuple[Call, ...]] = {
    "fc": FULLY_CONNECTED,
    "fc_relu": tuple(Call(call.inputs, _fc_relu) for call in FULLY_CONNECTED[:2]),
    "relu": _one(lambda x: np.maximum(x, 0), (0.0,)),
    "leaky_relu": (*(_one(_leaky, (0.0,), **{word: 0.1})[0] for word in ("negative_slope", "alpha", "slope", "leak")),),
    "elu": _one(_elu, (0.0,), alpha=0.7),
    "abs": _one(np.abs, (0.0,)),
    "silu": _one(_output(activation.pair("silu")[0])),
    "gelu": (*_one(_output(activation.pair("gelu")[0])), *_one(_output(activation.pair("gelu_tanh")[0]))),
    "softplus": _one(lambda x: np.logaddexp(0, x)),
    **{name: _one(_output(getattr(elementwise, f"{name}_forward"))) for name in EVERYWHERE},
    **{name: _one(_output(getattr(elementwise, f"{name}_forward")), low=0.2) for name in POSITIVE},
    "softmax": _along(_output(softmax.softmax_forward)),
    "log_softmax": _along(_output(softmax.log_softmax_forward)),
    "sum": _reduced(_output(reduction.sum_forward)),
    "mean": _reduced(_output(reduction.mean_forward)),
    "max": _reduced(_output(reduction.amax_forward), _with_ties),
    "add": _two(_output(arithmetic.add_forward)),
    "sub": _two(_output(arithmetic.sub_forward)),
    "mul": _two(_output(arithmetic.mul_forward)),
    "div": _two(_output(arithmetic.div_forward), low=0.5),
    "maximum": _two(np.maximum),
    "minimum": _two(np.minimum),
    "matmul": (Call(_product(), np.matmul),),
    "embedding": (
        Call(_lookup(), _output(embedding.embedding_forward)),
        Call(_lookup(weight_first=True), lambda weight, indices: weight[indices]),
    ),
    "conv": _convolutions(),
    "max_pool": _pools(pooling.max_pool2d_forward),
    "avg_pool": _pools(average_pooling.avg_pool2d_forward),
    "batchnorm": _norms(_normalized(), _batch_norm),
    "spatial_batchnorm": _norms(_normalized(images=True), _batch_norm),
    "layernorm": _norms(_rows(), _layer_norm),
    "dropout": _dropouts(),
    "softmax_loss": (Call(_classified(), _cross_entropy), Call(_classified_linear())),
    "svm_loss": (Call(_classified(), _hinge), Call(_classified_linear())),
    "mse_loss": (Call(_pairs(), lambda x, y: np.mean((x - y) ** 2)),),
    "l1_loss": (Call(_pairs(), lambda x, y: np.mean(np.abs(x - y))),),
}
