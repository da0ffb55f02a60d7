"""`python -m tests.benchmarks.scalars`: minigrad beside micrograd, whose values are single numbers.

The network is that of micrograd's demo, 2-16-16-1 with relu, with the hinge loss on 100 points and SGD. micrograd goes
through it number by number, minigrad with arrays; first it is seen that a step gives both the same weights. In the
chain both take one number at a time.
"""

from __future__ import annotations

import platform
import random
import sys
from collections.abc import Callable

import numpy as np

import minigrad as mg
from tests.benchmarks.interleaved import compare

SIZES, POINTS, RATE = (2, 16, 16, 1), 100, 0.05


def main() -> int:
    try:
        from micrograd.engine import Value
        from micrograd.nn import MLP
    except ImportError:
        print("This compares with micrograd, which is not installed: pip install micrograd==0.1.0", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, micrograd 0.1.0\n")
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (POINTS, 2))
    y = np.where((x**2).sum(axis=1) < 0.6, 1.0, -1.0)
    random.seed(0)
    theirs = MLP(SIZES[0], list(SIZES[1:]))
    net = copy_of(theirs)
    their_step, our_step = step_of_values(Value, theirs, x, y), step_of_tensors(net, x, y)
    check_same(their_step(), our_step(), theirs, net)
    comparisons = [
        *compare("step of 2-16-16-1 on 100 points", our_step, {"": their_step}, 1.0, rounds=5),
        *compare("scalar chain, mul add relu", *chains(Value), 1.0, rounds=40, per_run=300, unit="µs"),
    ]
    print(f"{'':34s} {'minigrad':>12s} {'micrograd':>12s} {'ratio':>8s}")
    for c in comparisons:
        print(f"{c.name:34s} {c.minigrad:9.2f} {c.unit} {c.other:9.2f} {c.unit} {c.ratio:8.2g}")
    return 0


def copy_of(theirs) -> mg.nn.Module:
    """The same network of tensors, with the same weights, in the numbers that Python has."""
    layers: list[mg.nn.Module] = []
    for layer in theirs.layers:
        linear = mg.nn.Linear(len(layer.neurons[0].w), len(layer.neurons), dtype=mg.float64)
        with mg.no_grad():
            linear.weight.copy_(mg.tensor([[w.data for w in neuron.w] for neuron in layer.neurons], dtype=mg.float64))
            linear.bias.copy_(mg.tensor([neuron.b.data for neuron in layer.neurons], dtype=mg.float64))
        layers += [linear, mg.nn.ReLU()]
    return mg.nn.Sequential(*layers[:-1])


def step_of_values(value, net, x: np.ndarray, y: np.ndarray) -> Callable[[], float]:
    def step() -> float:
        scores = [net([value(float(a)) for a in point]) for point in x]
        losses = [(1 - float(label) * score).relu() for label, score in zip(y, scores, strict=True)]
        loss = sum(losses) * (1 / len(losses))
        net.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.data -= RATE * p.grad
        return loss.data

    return step


def step_of_tensors(net, x: np.ndarray, y: np.ndarray) -> Callable[[], float]:
    points, labels = mg.tensor(x), mg.tensor(y)
    optimizer = mg.optim.SGD(net.parameters(), lr=RATE)

    def step() -> float:
        loss = mg.relu(1 - labels * net(points).flatten()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def check_same(their_loss: float, our_loss: float, theirs, net) -> None:
    """After a step from the same weights, the loss and all weights are the same."""
    np.testing.assert_allclose(our_loss, their_loss)
    for layer, linear in zip(theirs.layers, net[::2], strict=True):
        weights = [[w.data for w in neuron.w] for neuron in layer.neurons]
        np.testing.assert_allclose(linear.weight.array, weights)
        np.testing.assert_allclose(linear.bias.array, [neuron.b.data for neuron in layer.neurons])


def chains(value) -> tuple[Callable[[], None], dict[str, Callable[[], None]]]:
    """Forward and backward through 300 ops on single numbers, from the same formula."""

    def chain_of(x, relu: Callable) -> Callable[[], None]:
        def chain() -> None:
            y = x
            for _ in range(100):
                y = relu(y * x + x)
            y.backward()

        return chain

    ours = chain_of(mg.tensor(0.5, requires_grad=True), mg.relu)
    return ours, {"": chain_of(value(0.5), lambda y: y.relu())}


if __name__ == "__main__":
    sys.exit(main())
