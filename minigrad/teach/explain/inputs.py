"""Small inputs for the worked examples: numbers with one decimal, on which an op can be done by hand."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.teach.explain.explanation import Explanation


@dataclass(frozen=True)
class Inputs:
    """The arguments of one call. outputs: the names of what it gives; flows: to how many of them a gradient comes."""

    args: tuple[Any, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("out",)
    flows: int = 1


class Numbers:
    """Draws arrays of numbers with one decimal, none of them 0 and none twice in an array."""

    def __init__(self, name: str) -> None:
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))

    def __call__(self, *shape: int, low: float = -2, high: float = 2) -> np.ndarray:
        tenths = np.arange(round(10 * low), round(10 * high) + 1)
        return self.rng.permutation(tenths[tenths != 0])[: int(np.prod(shape))].reshape(shape) / 10


Maker = Callable[[Numbers], Inputs]


def inputs_for(explanation: Explanation) -> Inputs:
    """The inputs of an op's example, the same each time."""
    make = _MAKERS.get(explanation.pair) or _MAKERS.get(explanation.op) or _one_array
    return make(Numbers(explanation.op))


def _one_array(draw: Numbers) -> Inputs:
    return Inputs((draw(4),))


def _within(low: float, high: float) -> Maker:
    return lambda draw: Inputs((draw(4, low=low, high=high),))


def _apart(draw: Numbers) -> Inputs:
    """Away from the jumps of what is rounded."""
    return Inputs((draw(4) + 0.02,))


def _set(**settings: Any) -> Maker:
    return lambda draw: Inputs((draw(4),), settings)


def _two(low: float = -2, high: float = 2, **settings: Any) -> Maker:
    return lambda draw: Inputs((draw(3, low=low, high=high), draw(3, low=low, high=high)), settings)


def _matrix(outputs: tuple[str, ...] = ("out",), flows: int = 1, **settings: Any) -> Maker:
    return lambda draw: Inputs((draw(2, 3),), settings, outputs, flows)


def _normalized(draw: Numbers) -> Inputs:
    return Inputs((draw(4, 2), draw(2), draw(2)), {"eps": 1e-5}, ("out", "m", "v"))


def _with_statistics(draw: Numbers) -> Inputs:
    mean, var = np.array([0.5, -0.2]), np.array([1.2, 0.8])
    return Inputs((draw(4, 2), mean, var, draw(2), draw(2)), {"eps": 1e-5})


def _weights(draw: Numbers, gates: int) -> tuple[np.ndarray, ...]:
    """Of a recurrent cell with inputs of two numbers and states of two."""
    rows = 2 * gates
    return draw(rows, 2), draw(rows, 2), draw(rows), draw(rows)


_DIVIDED = np.array([5.5, -7.2, 3.1]), np.array([2.0, 1.5, 0.9])  # quotients that are near no whole number
_POSITIVE_ONLY = ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal")
_REDUCTIONS = ("sum", "mean", "prod", "amax", "amin", "var", "std", "logsumexp", "norm")
_PICKED = ("values", "indices")
_POSITIVE = _within(0.2, 3)
_PROBABILITIES = _two(0.1, 0.9)

_MAKERS: dict[str, Maker] = {
    # arithmetic of two
    "arithmetic.add": _two(),
    "arithmetic.sub": _two(),
    "arithmetic.mul": _two(),
    "arithmetic.div": _two(0.5, 2),
    "arithmetic.pow": _two(0.5, 2),
    "arithmetic.rounded_div": lambda draw: Inputs(_DIVIDED, {"rounding": "floor"}),
    "remainder": lambda draw: Inputs(_DIVIDED, {"rounding": "floor"}),
    "fmod": lambda draw: Inputs(_DIVIDED, {"rounding": "trunc"}),
    "arithmetic.maximum": _two(),
    "arithmetic.minimum": _two(),
    "arithmetic.clamp": lambda draw: Inputs((np.array([-1.4, 0.3, 1.7]), np.full(3, -1.0), np.full(3, 1.0))),
    "arithmetic.where": lambda draw: Inputs((draw(3), draw(3)), {"condition": np.array([True, False, True])}),
    "arithmetic.atan2": _two(),
    "arithmetic.logaddexp": _two(),
    # element by element
    **dict.fromkeys((f"elementwise.{name}" for name in _POSITIVE_ONLY), _POSITIVE),
    **dict.fromkeys(("elementwise.asin", "elementwise.acos", "elementwise.atanh"), _within(-0.8, 0.8)),
    "elementwise.acosh": _within(1.2, 3),
    "elementwise.tan": _within(-1.2, 1.2),
    **dict.fromkeys((f"elementwise.{name}" for name in ("floor", "ceil", "trunc", "frac", "round")), _apart),
    # activations
    "activation.leaky_relu": _set(negative_slope=0.1),
    "activation.elu": _set(alpha=1.0),
    "activation.softplus": _set(beta=1.0, threshold=20.0),
    "activation.hardtanh": lambda draw: Inputs((draw(4) + 0.02,), {"min_val": -1.0, "max_val": 1.0}),
    # products
    "linear.fc": lambda draw: Inputs((draw(2, 3), draw(3, 2), draw(2))),
    "linear.linear": lambda draw: Inputs((draw(2, 3), draw(2, 3), draw(2))),
    "linear.matmul": lambda draw: Inputs((draw(2, 3), draw(3, 2))),
    "einsum.einsum": lambda draw: Inputs(([draw(2, 3), draw(3, 2)],), {"subscripts": ("ij", "jk"), "output": "ik"}),
    # reductions and order
    **dict.fromkeys((f"reduction.{name}" for name in _REDUCTIONS), _matrix(axis=1)),
    "reduction.median": _matrix(),
    **dict.fromkeys((f"ordering.{name}" for name in ("max", "min", "median", "sort")), _matrix(_PICKED, axis=1)),
    "ordering.topk": _matrix(_PICKED, k=2, axis=1),
    "cumulative.cumsum": lambda draw: Inputs((draw(4),), {"axis": 0}),
    "cumulative.cumprod": lambda draw: Inputs((draw(4),), {"axis": 0}),
    # shape
    "shape.reshape": _matrix(shape=(3, 2)),
    "shape.permute": _matrix(axes=(1, 0)),
    "shape.expand": lambda draw: Inputs((draw(1, 3),), {"shape": (2, 3)}),
    "shape.diagonal": _matrix(offset=1),
    "shape.cat": lambda draw: Inputs(([draw(1, 3), draw(2, 3)],), {"axis": 0}),
    "shape.stack": lambda draw: Inputs(([draw(3), draw(3)],), {"axis": 0}),
    "shape.split": _matrix(("out[0]", "out[1]"), 2, lengths=(1, 2), axis=1),
    "shape.unbind": _matrix(("out[0]", "out[1]"), 2, axis=0),
    "pad.pad": _matrix(widths=((0, 0), (1, 1)), value=0.0),
    "dropout.dropout": lambda draw: Inputs((draw(4), np.array([2.0, 0.0, 2.0, 0.0]))),
    # indexing
    "indexing.getitem": lambda draw: Inputs((draw(4),), {"index": np.array([2, 0, 2])}),
    "indexing.put": lambda draw: Inputs((draw(4), draw(2)), {"index": np.array([3, 1]), "accumulate": False}),
    "embedding.embedding": lambda draw: Inputs((np.array([2, 0, 2]), draw(3, 2))),
    # images
    "convolution.conv2d": lambda draw: Inputs((draw(1, 1, 3, 3), draw(2, 1, 2, 2), draw(2))),
    "convolution.conv1d": lambda draw: Inputs((draw(1, 2, 4), draw(1, 2, 2), draw(1))),
    "transposed_convolution.conv_transpose2d": lambda draw: Inputs((draw(1, 2, 2, 2), draw(2, 1, 2, 2), draw(1))),
    "transposed_convolution.conv_transpose1d": lambda draw: Inputs((draw(1, 2, 3), draw(2, 1, 2), draw(1))),
    "interpolation.interpolate": lambda draw: Inputs((draw(1, 1, 2, 2),), {"size": 3, "mode": "bilinear"}),
    "pooling.max_pool2d": lambda draw: Inputs((draw(1, 1, 3, 3),), {"kernel_size": 2, "stride": 1}),
    "average_pooling.avg_pool2d": lambda draw: Inputs((draw(1, 1, 3, 3),), {"kernel_size": 2, "stride": 1}),
    "average_pooling.adaptive_avg_pool2d": lambda draw: Inputs((draw(1, 1, 3, 3),), {"output_size": 2}),
    # normalization
    "normalization.batch_norm": _normalized,
    "normalization.batch_norm_eval": _with_statistics,
    "normalization.layer_norm": lambda draw: Inputs(
        (draw(2, 4), draw(4), draw(4)), {"normalized_shape": (4,), "eps": 1e-5}
    ),
    # recurrent cells
    "recurrent.rnn_cell": lambda draw: Inputs((draw(2, 2), draw(2, 2), *_weights(draw, 1)), {"nonlinearity": "tanh"}),
    "recurrent.lstm_cell": lambda draw: Inputs(
        (draw(1, 2), draw(1, 2), draw(1, 2, low=-1, high=1), *_weights(draw, 4)), {}, ("h'", "c'"), 2
    ),
    "recurrent.gru_cell": lambda draw: Inputs((draw(1, 2), draw(1, 2), *_weights(draw, 3))),
    # probabilities and losses
    "softmax.softmax": _matrix(axis=1),
    "softmax.log_softmax": _matrix(axis=1),
    "loss.cross_entropy": lambda draw: Inputs((draw(2, 3), np.array([2, 0]), None)),
    "loss.nll_loss": lambda draw: Inputs((draw(2, 3, low=-2, high=-0.1), np.array([2, 0]), None)),
    "pointwise_loss.mse_loss": _two(),
    "pointwise_loss.l1_loss": _two(),
    "pointwise_loss.smooth_l1_loss": _two(beta=1.0),
    "pointwise_loss.huber_loss": _two(delta=1.0),
    "pointwise_loss.binary_cross_entropy_with_logits": lambda draw: Inputs(
        (draw(3), draw(3, low=0.1, high=0.9)), {"pos_weight": 1.0}
    ),
    "pointwise_loss.binary_cross_entropy": _PROBABILITIES,
    "pointwise_loss.kl_div": lambda draw: Inputs(
        (draw(3, low=-2, high=-0.1), draw(3, low=0.1, high=0.9)), {"log_target": False}
    ),
}
