"""Graphs are freed by counting references alone: with the collector off, nothing of a step outlives it."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.tape import Record


@pytest.fixture(autouse=True)
def without_the_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def records():
    """How many records live."""
    return sum(type(one) is Record for one in gc.get_objects())


def arrays_of(step):
    """What `step` leaves behind: (records, does the array of its middle result live)."""
    before = records()
    reference = step()
    return records() - before, reference() is not None


def net():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)
    )


def watched(tensor):
    """A weak reference to the tensor's memory, whoever holds it."""
    array = tensor.array
    while isinstance(array.base, np.ndarray):
        array = array.base
    return weakref.ref(array)


def trained():
    model, x, y = net(), mg.rand(2, 1, 4, 4), mg.tensor([0, 2])
    optimizer = mg.optim.Adam(model.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        scores = model(x)
        reference = watched(scores)
        nn.functional.cross_entropy(scores, y).backward()
        optimizer.step()
    return reference


def dropped_without_backward():
    return watched(net()(mg.rand(2, 1, 4, 4)))


def gradient_on_demand():
    x = mg.rand(3, requires_grad=True)
    y = x.exp() * x
    mg.autograd.grad(y.sum(), x, retain_graph=True)
    return watched(y)


def failing_forward():
    x = mg.rand(3, requires_grad=True)
    y = x.exp()
    with pytest.raises(ValueError):
        y @ mg.rand(4)
    return watched(y)


def failing_backward():
    def backward(dout, x):
        raise ValueError("ours")

    broken = mg.differentiable(lambda x: (x * 1, x), backward, name="broken")
    y = mg.rand(3, requires_grad=True).exp()
    with pytest.raises(ValueError, match="ours"):
        broken(y).sum().backward()
    return watched(y)


def hooked():
    model = nn.Linear(3, 2)
    model.register_forward_hook(lambda module, inputs, output: output * 2)
    x = mg.rand(4, 3, requires_grad=True)
    x.register_hook(lambda gradient: gradient * 2)
    y = model(x)
    y.sum().backward()
    return watched(y)


def looked_at():
    with mg.autograd.detect_anomaly():
        y = mg.rand(3, requires_grad=True).exp()
        (y * y).sum().backward()
    return watched(y)


def on_a_tape():
    with mg.Tape():
        y = mg.rand(3, requires_grad=True).exp()
        y.sum().backward()
    return watched(y)


def changed_in_place():
    y = mg.rand(3, requires_grad=True) * 2
    y += 1
    y.sum().backward()
    return watched(y)


class Twice(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


def through_a_function():
    y = Twice.apply(mg.rand(3, requires_grad=True))
    y.sum().backward()
    return watched(y)


def checked():
    y = mg.rand(3, requires_grad=True, dtype=mg.float64)
    mg.testing.gradcheck(mg.tanh, y)
    return watched(mg.tanh(y))


STEPS = [
    trained, dropped_without_backward, gradient_on_demand, failing_forward, failing_backward, hooked, looked_at,
    on_a_tape, changed_in_place, through_a_function, checked,
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_nothing_of_a_step_outlives_it(step):
    step()  # what is kept for ever (caches of types) is made the first time
    assert arrays_of(step) == (0, False)


def test_the_test_sees_a_cycle():
    def step():
        x = mg.rand(3, requires_grad=True)
        y = x.exp()
        y.itself = [y]
        return watched(y)

    assert arrays_of(step) == (1, True)
