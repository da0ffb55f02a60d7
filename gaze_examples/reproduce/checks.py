"""The tasks that are checked, not trained: every layer and network against published values and numeric gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gaze_examples import document
from gaze_examples.assignment import (
    FullyConnectedNet,
    TwoLayerNet,
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    fc_backward,
    fc_forward,
    rel_error,
    relu_backward,
    relu_forward,
    sgd_momentum,
    softmax_loss,
)
from gaze_examples.reproduce import notebook
from gaze_examples.reproduce.findings import Finding, Lab

FORWARD, BACKWARD, NETWORK = 1e-6, 1e-7, 1e-5  # the largest relative errors that count as right
TINY = 1e-9  # so small a difference is right, too: of numbers near zero a relative error says nothing


class Check(NamedTuple):
    """Two arrays that should agree: what was computed, and what it is compared with."""

    task: str
    what: str
    ours: Any
    other: Any
    bound: float

    @property
    def error(self) -> float:
        """The largest relative error."""
        return rel_error(self.ours, self.other)

    @property
    def verdict(self) -> str:
        """Whether they agree, in a word."""
        if self.error <= self.bound:
            return "right"
        differ = float(np.max(np.abs(np.subtract(self.ours, self.other))))
        return f"right: they differ by {differ:.0e}" if differ <= TINY else "WRONG"

    @property
    def right(self) -> bool:
        """Whether they agree."""
        return self.verdict != "WRONG"


def layers(lab: Lab) -> Finding:
    """Tasks 1.1 to 1.5."""
    lab.sow()
    return _finding(
        [*_fully_connected(), *_relu(), *_softmax()],
        "The forward passes against the values the notebook gives, rounded to eight digits; the backward passes "
        "against numeric gradients, with a random upstream gradient.",
    )


def _fully_connected() -> list[Check]:
    shape, out_dim = (4, 3, 3), 10
    size = int(np.prod(shape))
    x = np.linspace(-0.2, 0.2, num=size).reshape(1, *shape)
    w = np.linspace(-0.1, 0.1, num=size * out_dim).reshape(size, out_dim)
    published = [[0.04735376, 0.0917982, 0.13624265, 0.18068709, 0.22513154,
                  0.26957598, 0.31402043, 0.35846487, 0.40290932, 0.44735376]]  # fmt: skip
    out, _ = fc_forward(x, w, np.linspace(-0.2, 0.2, num=out_dim))

    x, w, b, dout = (np.random.randn(*shape) for shape in ((10, 2, 3), (6, 5), (5,), (10, 5)))
    _, cache = fc_forward(x, w, b)
    gradients = zip(("dx", "dw", "db"), (x, w, b), fc_backward(dout, cache), strict=True)
    return [
        Check("1.1", "fc_forward", out, published, FORWARD),
        *(
            Check(
                "1.2", name, ours, eval_numerical_gradient_array(lambda _: fc_forward(x, w, b)[0], at, dout), BACKWARD
            )
            for name, at, ours in gradients
        ),
    ]


def _relu() -> list[Check]:
    out, _ = relu_forward(np.linspace(-0.5, 0.5, num=12).reshape(3, 4))
    published = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    x, dout = np.random.randn(10, 10), np.random.randn(10, 10)
    numeric = eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout)
    return [
        Check("1.3", "relu_forward", out, published, FORWARD),
        Check("1.4", "dx", relu_backward(dout, relu_forward(x)[1]), numeric, BACKWARD),
    ]


def _softmax() -> list[Check]:
    x, y = 0.001 * np.random.randn(50, 10), np.random.randint(10, size=50)
    loss, dx = softmax_loss(x, y)
    numeric = eval_numerical_gradient(lambda x: softmax_loss(x, y)[0], x, verbose=False)
    return [
        Check("1.5", "loss, about log 10", float(loss), np.log(10), 1e-3),
        Check("1.5", "dx", dx, numeric, NETWORK),
    ]


def two_layers(lab: Lab) -> Finding:
    """Task 1.6, on the notebook's hand-made weights, and on others with hidden values below zero, too."""
    lab.sow()
    N, D, H, C = 3, 5, 50, 7
    std = 1e-3
    net = TwoLayerNet(input_dim=D, hidden_dim=H, num_classes=C, weight_scale=std)
    first = net.params["W1"].std()
    random = TwoLayerNet(input_dim=D, hidden_dim=H, num_classes=C, weight_scale=0.5)
    net.params["W1"] = np.linspace(-0.7, 0.3, num=D * H).reshape(D, H)
    net.params["b1"] = np.linspace(-0.1, 0.9, num=H)
    net.params["W2"] = np.linspace(-0.3, 0.4, num=H * C).reshape(H, C)
    net.params["b2"] = np.linspace(-0.9, 0.1, num=C)
    X, y = np.linspace(-5.5, 4.5, num=N * D).reshape(D, N).T, np.array([0, 5, 1])
    published = [[11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765],
                 [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135],
                 [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506]]  # fmt: skip
    checks = [
        Check("1.6", "standard deviation of W1", first, std, 0.1),
        Check("1.6", "scores", np.asarray(net.loss(X))[:, :6], published, FORWARD),
        Check("1.6", "loss, reg 0", net.loss(X, y)[0], 3.4702243556, FORWARD),
    ]
    net.reg = 1.0
    checks.append(Check("1.6", "loss, reg 1", net.loss(X, y)[0], 26.5948426952, FORWARD))
    for reg in (0, 0.7):
        checks += _gradients("1.6", net, X, y, reg)
    X = np.random.randn(N, D)
    checks += _gradients("1.6", random, X, y, 0.7, "random weights")
    return _finding(
        checks,
        "In the notebook's check every hidden value is positive, so it would not notice a missing ReLU. The gradients "
        "with random weights would.",
    )


def many_layers(lab: Lab) -> Finding:
    """Task 1.8."""
    lab.sow()
    N, D, H1, H2, C = 2, 15, 20, 30, 10
    X, y = np.random.randn(N, D), np.random.randint(C, size=N)
    checks = []
    for reg in (0, 3.14):
        net = FullyConnectedNet([H1, H2], input_dim=D, num_classes=C, reg=reg, weight_scale=5e-2)
        checks += _gradients("1.8", net, X, y, reg)
    return _finding(
        checks,
        "Every parameter of a network with two hidden layers, with and without regularization. Some gradients of W2 "
        "are nearly zero, where a relative error says nothing; then the difference decides.",
    )


def momentum() -> tuple[document.Table, list[Check]]:
    """The check of task 1.9."""
    N, D = 4, 5
    w, dw, v = (np.linspace(a, b, num=N * D).reshape(N, D) for a, b in ((-0.4, 0.6), (-0.6, 0.4), (0.6, 0.9)))
    next_w, config = sgd_momentum(w, dw, {"learning_rate": 1e-3, "velocity": v})
    # The notebook prints eight digits of them; they are evenly spaced.
    published_w, published_v = (
        np.linspace(a, b, num=N * D).reshape(N, D).round(8) for a, b in ((0.1406, 1.4096), (0.5406, 0.8096))
    )
    checks = [
        Check("1.9", "next_w", next_w, published_w, FORWARD),
        Check("1.9", "velocity", config["velocity"], published_v, FORWARD),
    ]
    return _table(checks), checks


def _gradients(task: str, net: Any, X: np.ndarray, y: np.ndarray, reg: float, remark: str = "") -> list[Check]:
    net.reg = reg
    _, grads = net.loss(X, y)
    loss: Callable[[np.ndarray], float] = lambda _: net.loss(X, y)[0]  # noqa: E731
    return [
        Check(task, ", ".join(filter(None, (name, f"reg {reg:g}", remark))), grads[name],
              eval_numerical_gradient(loss, net.params[name], verbose=False), NETWORK)
        for name in sorted(grads)
    ]  # fmt: skip


def _finding(checks: list[Check], text: str) -> Finding:
    right = sum(check.right for check in checks)
    return Finding(
        f"{right} of {len(checks)} checks right",
        [document.Text(text), _table(checks)],
        {"checks": [right, len(checks)]},
    )


def _table(checks: list[Check]) -> document.Table:
    rows = []
    for check in checks:
        published = notebook.CHECKS[check.task].get(check.what)
        there = "—" if published is None else f"{published:.1e}"
        rows.append([check.task, check.what, f"{check.error:.1e}", there, f"{check.bound:.0e}", check.verdict])
    return document.Table(["task", "what", "relative error", "notebook", "at most", ""], rows)
