"""What can be checked: a pair of plain functions, a function of Tensors, a loss that returns its own gradient.

They differ in how they are called, and are alike in what is asked of them: given arguments, the outputs; given upstream
gradients, one gradient for each floating-point array among the arguments. A `Case` is the arguments; a subject's `run`
answers both questions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from minigrad.autograd import enable_grad
from minigrad.autograd.gradients import grad
from minigrad.backend import array_module, is_array, to_host
from minigrad.lift import takes
from minigrad.ops.shape import unbroadcast
from minigrad.tensor import Tensor
from minigrad.testing.case import Case, Place, described

Upstream = tuple[np.ndarray | None, ...]  # one for each output, None for one that carries no gradient
Backward = Callable[[Upstream], dict[Place, Any]]


class GradientCountError(TypeError):
    """A backward returned something else than one gradient for each array argument."""


@runtime_checkable
class Subject(Protocol):
    """Something with gradients."""

    name: str
    takes_upstream: bool  # a loss that returns its gradient has none: 1 is built in

    def run(self, case: Case) -> tuple[tuple[Any, ...], Backward]:
        """The outputs, and the function from upstream gradients to the gradients at `case.places()`."""
        ...

    def gradient_names(self, case: Case) -> dict[Place, str]:
        """What a gradient is called in a report: dx, dw."""
        ...


class Pair:
    """forward(*arrays, **settings) -> (out, cache) and backward(dout, cache) -> gradients, as `differentiable` takes.

    A backward returns a gradient for each positional argument (None where there is none), or, as in courses, one for
    each floating-point array only. If it takes `needs`, it is told which arguments are floating-point arrays.

    broadcasts: gradients may come in the output's shape, and are summed, as the tape does it.
    flows: for each output, whether a gradient flows back from it; None: from every floating-point one.
    """

    takes_upstream = True

    def __init__(
        self,
        forward: Callable,
        backward: Callable,
        name: str | None = None,
        *,
        broadcasts: bool = False,
        flows: tuple[bool, ...] | None = None,
    ) -> None:
        self.forward, self.backward, self.broadcasts, self.flows = forward, backward, broadcasts, flows
        self.name = name or forward.__name__.removesuffix("_forward")

    def run(self, case: Case) -> tuple[tuple[Any, ...], Backward]:
        result = self.forward(*case.args, **case.settings)
        if not (isinstance(result, tuple) and len(result) == 2):
            raise GradientCountError(f"{self.name}_forward must return (out, cache), got {described(result)}.")
        out, cache = result
        if out is None:
            raise GradientCountError(f"{self.name}_forward returned None as its output.")
        several = isinstance(out, tuple)
        outs = out if several else (out,)

        def backward(upstream: Upstream) -> dict[Place, Any]:
            given = tuple(upstream) if several else upstream[0]
            if not takes(self.backward, "needs"):
                return self._placed(case, self.backward(given, cache))
            needs = tuple(place in case.places() for place in case.positions())
            return self._placed(case, self.backward(given, cache, needs=needs))

        return outs, backward

    def gradient_names(self, case: Case) -> dict[Place, str]:
        return _gradient_names(self.forward, case)

    def _placed(self, case: Case, gradients: Any) -> dict[Place, Any]:
        """Which gradient belongs to which argument."""
        places = case.places()
        gradients = tuple(gradients) if isinstance(gradients, (tuple, list)) else (gradients,)
        every = list(case.positions())
        arrays = [place for place, _ in case.arrays()]
        for expected in (every, arrays, places):
            if len(gradients) == len(expected):
                found = dict(zip(expected, gradients, strict=True))
                break
        else:
            wanted = ", ".join(_gradient_names(self.forward, case)[place] for place in places)
            raise GradientCountError(
                f"{self.name}_backward must return {len(places)} gradients ({wanted}), got {len(gradients)}."
            )
        if self.broadcasts:
            for place in places:
                gradient, shape = found[place], case.at(place).shape
                if gradient is not None and not is_array(gradient):
                    gradient = np.asarray(gradient)
                if gradient is not None and gradient.shape != shape:
                    found[place] = unbroadcast(gradient, shape)
        return {place: found[place] for place in places}


class Loss:
    """A function that returns its value, a number, and its gradient at once, as `softmax_loss(x, y) -> loss, dx`.

    The gradient is one array, for the first floating-point array; or several, as a tuple, for one after another.
    """

    takes_upstream = False

    def __init__(self, function: Callable, name: str | None = None) -> None:
        self.function = function
        self.name = name or function.__name__

    def run(self, case: Case) -> tuple[tuple[Any, ...], Backward]:
        result = self.function(*case.args, **case.settings)
        if not (isinstance(result, tuple) and len(result) >= 2):
            raise GradientCountError(f"{self.name} must return (loss, gradient), got {described(result)}.")
        loss, *gradients = result
        if loss is None:
            raise GradientCountError(f"{self.name} returned None as its value.")
        if np.size(loss) != 1:
            raise GradientCountError(f"{self.name} must return one number as its value, got {described(loss)}.")
        if len(gradients) == 1 and isinstance(gradients[0], (tuple, list)):
            gradients = list(gradients[0])
        places = case.places()
        if len(gradients) > len(places):
            raise GradientCountError(f"{self.name} returned {len(gradients)} gradients for {len(places)} arrays.")
        return (loss,), lambda upstream: dict(zip(places, gradients, strict=False))

    def gradient_names(self, case: Case) -> dict[Place, str]:
        return _gradient_names(self.function, case)


class TensorFunction:
    """f(*inputs) -> a Tensor or several, on the tape.

    The inputs are the very Tensors that were given, with other arrays put into them for a call, so that a function
    which closes over them (a module's parameters) is checked too. Arrays among the inputs become Tensors. Those Tensors
    that do not require grad are constants.
    """

    takes_upstream = True

    def __init__(self, function: Callable, inputs: tuple[Any, ...], name: str | None = None) -> None:
        self.function = function
        self.name = name or str(getattr(function, "__name__", type(function).__name__))
        self.inputs = [Tensor(x, requires_grad=x.dtype.kind == "f") if is_array(x) else x for x in inputs]
        self.checked = [i for i, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.requires_grad]

    def case(self) -> Case:
        """The inputs as they were given; only those to check as arrays."""
        return Case(tuple(to_host(x.array) if i in self.checked else x for i, x in enumerate(self.inputs)))

    def run(self, case: Case) -> tuple[tuple[Any, ...], Backward]:
        tensors = [self.inputs[i] for i in self.checked]
        before = [tensor.array for tensor in tensors]
        try:
            for i, tensor in zip(self.checked, tensors, strict=True):
                tensor.array = array_module(tensor.array).asarray(case.args[i])
            with enable_grad():
                result = self.function(*self.inputs)
        finally:
            for tensor, array in zip(tensors, before, strict=True):
                tensor.array = array
        outputs = list(result) if isinstance(result, (tuple, list)) else [result]
        places = [(i,) for i in self.checked]

        def backward(upstream: Upstream) -> dict[Place, Any]:
            ends = [(out, u) for out, u in zip(outputs, upstream, strict=True) if u is not None and out.requires_grad]
            if not ends:
                return {place: np.zeros_like(case.at(place)) for place in places}
            gradients = grad(
                [out for out, _ in ends],
                tensors,
                [Tensor(u) for _, u in ends],
                retain_graph=True,
                allow_unused=True,
            )
            return {
                place: np.zeros_like(case.at(place)) if gradient is None else to_host(gradient.array)
                for place, gradient in zip(places, gradients, strict=True)
            }

        return tuple(to_host(out.array) for out in outputs), backward

    def gradient_names(self, case: Case) -> dict[Place, str]:
        return {(i,): f"input {i}" for i in self.checked}


def upstream_for(outs: tuple[Any, ...], subject: Subject, rng: np.random.Generator) -> Upstream:
    """A random upstream gradient for each floating-point output: ones would hide missing factors and transposes."""
    flows = getattr(subject, "flows", None) or (True,) * len(outs)
    drawn: list[np.ndarray | None] = []
    for out, flow in zip(outs, flows, strict=True):
        dtype = np.asarray(out).dtype
        if not flow or dtype.kind != "f":
            drawn.append(None)
        elif not subject.takes_upstream:
            drawn.append(np.ones(np.shape(out), dtype))
        else:
            size = rng.uniform(0.5, 1.5, np.shape(out)) * rng.choice([-1.0, 1.0], np.shape(out))
            drawn.append(np.asarray(size, dtype))
    return tuple(drawn)


def _gradient_names(function: Callable, case: Case) -> dict[Place, str]:
    try:
        words = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        words = []
    names = {}
    for place, _ in case.arrays():
        i, *member = place
        word = words[i] if i < len(words) else str(i)
        names[place] = f"d{word}" + "".join(f"[{j}]" for j in member)
    return names
