"""The networks of tasks 1.6 and 1.8: scores forward, gradients backward, each step a function call one can follow.

A network is a dict of arrays, `params`, and a function `loss`. There is no tape: the backward pass is written out, in
the opposite order of the forward pass. A `Solver` does the training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gaze_examples.assignment.layers import (
    fc_backward,
    fc_forward,
    fc_relu_backward,
    fc_relu_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
)

PIXELS = 1 * 36 * 120  # two eyes of 36 x 60 side by side, one channel
DTYPE = np.float64  # numeric gradient checks need the digits

Gradients = dict[str, np.ndarray]


class TwoLayerNet:
    """fc - relu - fc - softmax, written out.

    params: "W1" (input_dim, hidden_dim), "b1" (hidden_dim,), "W2" (hidden_dim, num_classes), "b2" (num_classes,), all
        float64. Weights are normal with standard deviation `weight_scale`, drawn from NumPy's global state
        (`np.random.seed` fixes them); biases are zero.
    reg: the strength of L2 regularization; 0.5 * reg * sum(W²) of both weights is part of the loss.
    """

    def __init__(
        self,
        input_dim: int = PIXELS,
        hidden_dim: int = 128,
        num_classes: int = 4,
        weight_scale: float = 1e-3,
        reg: float = 0.0,
    ) -> None:
        self.input_dim = input_dim
        self.hidden_dim = hidden_dim
        self.num_classes = num_classes
        self.weight_scale = weight_scale
        self.reg = reg
        self.params = _initial_params([input_dim, hidden_dim, num_classes], weight_scale)

    def loss(self, X: ArrayLike, y: ArrayLike | None = None) -> np.ndarray | tuple[float, Gradients]:
        """The scores of X; with labels, the loss and the gradient of each parameter.

        X: (N, d_1, ..., d_k) with d_1 * ... * d_k = input_dim, floats or integers. y: (N,) integers below num_classes.
        Returns scores (N, num_classes), or the loss and a dict with the keys of `params`.
        Raises ShapeError, DtypeError, IndexError for an X or y that does not fit.
        """
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))

        hidden, fc1_cache = fc_forward(np.asarray(X, DTYPE), W1, b1)
        active, relu_cache = relu_forward(hidden)
        scores, fc2_cache = fc_forward(active, W2, b2)
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, np.asarray(y))
        dactive, dW2, db2 = fc_backward(dscores, fc2_cache)
        dhidden = relu_backward(dactive, relu_cache)
        _, dW1, db1 = fc_backward(dhidden, fc1_cache, needs=(False, True, True))  # nobody asks for the image's gradient

        return _regularized(float(loss), {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}, self.params, self.reg)


class FullyConnectedNet:
    """(fc - relu) x (L - 1) - fc - softmax: the same network with any number of hidden layers.

    hidden_dims: the size of each hidden layer; L is one more than there are.
    params: "W1", "b1" to "WL", "bL", made as in TwoLayerNet. reg: as in TwoLayerNet.
    seed: accepted because the course has it, for dropout; there is none here, so it changes nothing.
    """

    def __init__(
        self,
        hidden_dims: Sequence[int],
        input_dim: int = PIXELS,
        num_classes: int = 4,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        seed: int | None = None,
    ) -> None:
        if isinstance(hidden_dims, int):
            raise TypeError(f"FullyConnectedNet: hidden_dims must list the layers' sizes: [{hidden_dims}].")
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = DTYPE
        self.params = _initial_params([input_dim, *hidden_dims, num_classes], weight_scale)

    def loss(self, X: ArrayLike, y: ArrayLike | None = None) -> np.ndarray | tuple[float, Gradients]:
        """The scores of X; with labels, the loss and the gradient of each parameter. Shapes as in TwoLayerNet."""
        last = self.num_layers
        caches = {}
        out = np.asarray(X, self.dtype)
        for i in range(1, last):
            out, caches[i] = fc_relu_forward(out, self.params[f"W{i}"], self.params[f"b{i}"])
        scores, caches[last] = fc_forward(out, self.params[f"W{last}"], self.params[f"b{last}"])
        if y is None:
            return scores

        loss, dout = softmax_loss(scores, np.asarray(y))
        grads: Gradients = {}
        for i in range(last, 0, -1):
            backward = fc_backward if i == last else fc_relu_backward
            dout, grads[f"W{i}"], grads[f"b{i}"] = backward(dout, caches[i], needs=(i > 1, True, True))
        return _regularized(float(loss), grads, self.params, self.reg)


def _initial_params(sizes: Sequence[int], weight_scale: float) -> dict[str, np.ndarray]:
    """W1, b1, W2, b2, ... between layers of these sizes; drawn in this order, as in the course."""
    params = {}
    for i in range(1, len(sizes)):
        params[f"W{i}"] = np.random.normal(0, weight_scale, size=(sizes[i - 1], sizes[i]))
        params[f"b{i}"] = np.zeros(sizes[i], DTYPE)
    return params


def _regularized(loss: float, grads: Gradients, params: dict[str, np.ndarray], reg: float) -> tuple[float, Gradients]:
    """The loss with 0.5 * reg * sum(W²) of every weight, and the gradients with reg * W; biases are left alone."""
    if reg == 0:
        return loss, grads
    weights = {name: array for name, array in params.items() if name.startswith("W")}
    loss += 0.5 * reg * sum(float(np.sum(W * W)) for W in weights.values())
    return loss, {name: dw + reg * weights[name] if name in weights else dw for name, dw in grads.items()}
