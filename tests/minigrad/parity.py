"""What a right op looks like, checked two ways: against PyTorch, and against central differences.

`agrees_with_torch` runs one piece of code with minigrad and with PyTorch and compares values and gradients.
`slopes_agree` takes a pair on bare arrays and compares its backward with the slope of its forward; it needs no PyTorch.
Both use random upstream gradients, since ones hide missing factors and transposes, and both lock the arrays that they
hand out, so that an op that writes into its arguments raises.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import minigrad as mg

RTOL = ATOL = 1e-9

# The library tells Python to keep quiet about inf and nan (backend.py); pytest forgets that for each test.
inf_and_nan_without_warnings = pytest.mark.filterwarnings(
    r"ignore::RuntimeWarning:minigrad\.", r"ignore:(invalid value|overflow) encountered in (reduce|accumulate)"
)


def for_every(**values: Sequence[Any]) -> Callable[[Callable], Callable]:
    """One test of all combinations of the values, where they are hundreds and take less time than pytest does for a
    test. What fails says for which."""

    def decorate(test: Callable) -> Callable:
        @functools.wraps(test)
        def every(*args: Any, **others: Any) -> None:
            for combination in itertools.product(*values.values()):
                case = dict(zip(values, combination, strict=True))
                try:
                    test(*args, **others, **case)
                except Exception as error:
                    error.add_note("for " + ", ".join(f"{name}={value!r}" for name, value in case.items()))
                    raise

        signature = inspect.signature(test)
        left = [one for name, one in signature.parameters.items() if name not in values]
        every.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return every

    return decorate


def draw(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """Uniform float64 numbers; the shape takes part in the seed, so that two operands are not alike."""
    return np.random.default_rng([seed, len(shape), *shape]).uniform(low, high, shape)


def draws(*shapes: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> list[np.ndarray]:
    """One array for each shape, all different."""
    return [draw(*shape, low=low, high=high, seed=seed) for seed, shape in enumerate(shapes)]


def locked(array: np.ndarray) -> np.ndarray:
    """A copy of `array` that cannot be written to."""
    copy = np.array(array, order="C")
    copy.flags.writeable = False
    return copy


def strided(array: np.ndarray) -> np.ndarray:
    """A locked copy of `array` whose memory is neither contiguous nor in order; a 0-d array as NumPy's scalar."""
    if array.ndim == 0:
        return array[()]
    memory = np.zeros([2 * n for n in reversed(array.shape)], array.dtype)
    view = memory.T[tuple(slice(None, None, -2) for _ in array.shape)]
    view[...] = array
    view.flags.writeable = False
    return view


LAYOUTS = (locked, strided)


def agrees_with_torch(function: Callable, *arrays: np.ndarray, rtol: float = RTOL, atol: float = ATOL) -> None:
    """`function(lib, *tensors)` has the same value, shape, dtype and gradients with `lib` minigrad and PyTorch.

    It may return one tensor or several. Floating-point arrays require grad.
    """
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    expected = _run(torch, function, [torch.tensor(np.array(array)) for array in arrays])
    for layout in LAYOUTS:
        inputs = [layout(array) for array in arrays]
        outputs, gradients = _run(mg, function, [mg.Tensor(array) for array in inputs])
        for actual, wanted in zip(outputs, expected[0], strict=True):
            _same(actual, wanted, rtol, atol)
        for i, (actual, wanted) in enumerate(zip(gradients, expected[1], strict=True)):
            _same(actual, wanted, rtol, atol, f"gradient of argument {i}")
        _own_memory([gradient for gradient in gradients if gradient is not None], inputs)


def _run(lib: Any, function: Callable, tensors: list) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    for tensor in tensors:
        tensor.requires_grad = "float" in str(tensor.dtype)
    result = function(lib, *tensors)
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    from_numpy = mg.Tensor if lib is mg else lambda array: lib.tensor(np.array(array))
    total = [
        (output, from_numpy(upstream))
        for output, upstream in zip(outputs, _upstreams(outputs), strict=True)
        if output.requires_grad
    ]
    for output, upstream in total:
        output.backward(upstream, retain_graph=True)
    gradients = [None if tensor.grad is None else tensor.grad.numpy() for tensor in tensors]
    return [output.detach().numpy() for output in outputs], gradients


def _upstreams(outputs: Sequence[Any]) -> Iterator[np.ndarray]:
    for i, output in enumerate(outputs):
        dtype = str(output.dtype).removeprefix("torch.")
        yield locked(draw(*output.shape, seed=100 + i).astype(dtype))


def _same(
    actual: np.ndarray | None, expected: np.ndarray | None, rtol: float, atol: float, what: str = "value"
) -> None:
    if actual is None or expected is None:
        assert actual is None and expected is None, f"{what}: {actual} is not {expected}"
        return
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype), what
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol, err_msg=what)


def _own_memory(gradients: list[np.ndarray], inputs: list[np.ndarray]) -> None:
    for i, gradient in enumerate(gradients):
        assert gradient.flags.writeable
        assert not any(np.shares_memory(gradient, other) for other in inputs + gradients[:i])


def slopes_agree(forward: Callable, backward: Callable, *arrays: Any, **settings: Any) -> None:
    """The pair's gradient of every float64 array is the slope of Σ dout * out, by central differences."""
    for layout in LAYOUTS:
        inputs = [_each(layout, argument) for argument in arrays]
        out, cache = forward(*inputs, **settings)
        dout = layout(draw(*np.shape(out), seed=100))
        gradients = backward(dout, cache)
        gradients = list(gradients) if isinstance(gradients, tuple) else [gradients]
        wanted = _slopes(lambda *args, dout=dout: (dout * forward(*args, **settings)[0]).sum(), inputs)
        for i, (gradient, slope) in enumerate(zip(gradients, wanted, strict=True)):
            if slope is not None:
                gradient = _summed(np.asarray(gradient), slope.shape)
                np.testing.assert_allclose(gradient, slope, rtol=1e-6, atol=1e-7, err_msg=f"gradient of argument {i}")


def _each(layout: Callable, argument: Any) -> Any:
    if isinstance(argument, list):
        return [layout(array) for array in argument]
    return layout(argument) if isinstance(argument, np.ndarray) else argument


def _slopes(function: Callable, arguments: list, step: float = 1e-5) -> list[np.ndarray | None]:
    """d function / d x, one element at a time, for every float64 array x among the arguments or in a list there."""
    slopes: list[np.ndarray | None] = []
    for i, argument in enumerate(arguments):
        for j, x in enumerate(argument if isinstance(argument, list) else [argument]):
            if getattr(x, "dtype", None) != np.float64:
                slopes.append(None)
                continue
            slope = np.zeros(x.shape)
            for place in np.ndindex(x.shape):
                values = []
                for move in (step, -step):
                    moved = np.array(x)
                    moved[place] += move
                    if isinstance(argument, list):
                        moved = argument[:j] + [moved] + argument[j + 1 :]
                    values.append(function(*arguments[:i], moved, *arguments[i + 1 :]))
                slope[place] = (values[0] - values[1]) / (2 * step)
            slopes.append(slope)
    return slopes


def _summed(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A broadcasting op's pair returns gradients in the output's shape; the lift sums them. Here by plain loops."""
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient
