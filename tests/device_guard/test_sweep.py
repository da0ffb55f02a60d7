"""The rows of `test_sweep` and `test_sweep_nn` once more: on the device they give what they give on the host.

Values and gradients, for float64 and for the other dtypes, of every function, method, operator and module.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.device_guard.both import agree, waits
from tests.minigrad.parity import draw, draws, inf_and_nan_without_warnings
from tests.minigrad.test_sweep import (
    BINARY,
    CASES,
    DTYPES,
    INDICES,
    REDUCTIONS,
    UNARY,
    call_of,
    dims_of,
    each,
    of_either,
)
from tests.minigrad.test_sweep_nn import FUNCTIONS, MODULES, flat, made

pytestmark = inf_and_nan_without_warnings

MORE = {  # rows with integers, whose sums CuPy makes its own way
    "put": ((INDICES * 2, INDICES[0], INDICES), "lib.index_add(x, 1, y, z[:, :3])", "lib.scatter_add(x, 1, z, x)"),
    "counts": ((INDICES[0], draw(3, 2)), "lib.repeat_interleave(y, x, 0)", "lib.repeat_interleave(x)"),
    "rest": (
        ([-5.0, 1e17, 1.0, 5.0, -5.0, np.nan], [3.0, 0.3, 0.1, np.inf, 0.0, 1.0]),
        "x % y",
        "x % -y",
        "x % 0.1",
        "x.detach() // -y.detach()",
    ),
    "whole": ((INDICES, INDICES + 1), "x // y", "x % y", "lib.fmod(x, y)", "lib.div(x, y, rounding_mode='trunc')"),
    "pick": ((draw(3, 4), np.array([2, 0])), "x[[0, 2]]", "x[y]", "x[1, y]", "x[[True, False, True]]", "x[y, 0]"),
    "0-d": ((draw(), draw(2)), "x * 2.0 + 1", "x * y", "x[()]", "x.sum()", "x.reshape(1)", "y[0] * x", "x.max()"),
}
SHAPE = "what it finds decides the shape"
WAITS = {
    "one_hot": "the largest index decides the shape",
    **each("masked_select nonzero argwhere unique __getitem__ counts pick", SHAPE),
    **each("allclose equal", "gives a Python bool"),
    **each("to cpu", "goes to the host"),
    "BatchNorm1d": "with momentum=None it divides by the number of batches, which is on the device",
}


class OnDevice:
    """The library, whose new tensors are on the device."""

    def __getattr__(self, name: str) -> Any:
        member = getattr(mg, name)
        return functools.partial(member, device="cuda") if name in ("tensor", "zeros", "ones") else member


def run(lib: Any, call: Callable, arrays: Any, device: str) -> list[Any]:
    """Outputs and gradients."""
    arrays = [np.array(array) for array in arrays]
    tensors = [mg.tensor(array, device=device, requires_grad=array.dtype.kind == "f") for array in arrays]
    result = call(lib, *tensors)
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    for i, output in enumerate(outputs):
        if output.requires_grad:
            upstream = mg.tensor(draw(*output.shape, seed=100 + i).astype(output.dtype), device=output.device)
            output.backward(upstream, retain_graph=True)
    return outputs + [tensor.grad for tensor in tensors]


def same(call: Callable, *arrays: Any, stays: bool = True) -> bool:
    """Run on both, compare, and tell whether the host had to wait."""
    here = run(mg, call, arrays, "cpu")
    with waits() as waited:
        there = run(OnDevice(), call, arrays, "cuda")
    asked = bool(waited)
    for one, other in zip(here, there, strict=True):
        if one is None or other is None:
            assert one is None and other is None
            continue
        assert not stays or other.is_cuda, f"{type(other._value)} for device arrays"
        agree(other, one)
    return asked


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_tensor(name):
    low, high = UNARY[name]
    for shape in [(), (3,), (0,), (2, 3)]:
        assert not same(call_of(of_either(name).format("")), draw(*shape, low=low, high=high))
    for dtype in DTYPES:
        same_or_refused(call_of(f"x.{name}()"), np.array([0, 1, 1]).astype(dtype))


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_tensors(name):
    low, high = BINARY[name]
    call = call_of(f"lib.{name}(x, y)")
    for shapes in [((), ()), ((2, 3), (3,)), ((), (2,)), ((3,), ()), ((0, 3), (1,))]:
        assert not same(call, *draws(*shapes, low=low, high=high))
    same_or_refused(call_of(f"lib.{name}(x, 2)"), draw(3, low=low, high=high))
    for left, right in itertools.product(DTYPES, DTYPES):
        same_or_refused(call, np.array([1, 2, 1]).astype(left), np.array([1, 1, 2]).astype(right))


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    traits = REDUCTIONS[name]
    for shape in [(), (3,), (2, 3)]:
        for dim in dims_of(shape, *traits):
            assert not same(call_of(of_either(name).format(", 2" + dim if name == "norm" else dim)), draw(*shape))
    if "none" in traits or "none left out" in traits:
        assert not same(call_of(f"x.{name}()"), draw(2, 3))
    for dtype in DTYPES:
        same_or_refused(call_of(f"x.{name}(0)"), np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype))


def same_or_refused(call: Callable, *arrays: Any) -> None:
    """The same, or the same error."""
    try:
        run(mg, call, arrays, "cpu")
    except (TypeError, RuntimeError, IndexError, ValueError) as error:
        with pytest.raises(type(error)):
            run(OnDevice(), call, arrays, "cuda")
    else:
        same(call, *arrays)


ROWS = {
    **{name: (arrays, texts) for name, (texts, arrays) in CASES.items()},
    **{name: (arrays, texts.split(" | ")) for name, (texts, arrays) in FUNCTIONS.items()},
    **{name: (arrays, texts) for name, (arrays, *texts) in MORE.items()},
}


@pytest.mark.parametrize("name", ROWS)
def test_functions_called_their_own_way(name):
    arrays, texts = ROWS[name]
    asked = [same(call_of(text), *arrays, stays=name not in ("to", "cpu")) for text in texts]
    assert any(asked) == (name in WAITS)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("mode", [True, False], ids=["train", "eval"])
def test_modules(name, mode):
    texts, inputs = MODULES[name]
    asked = []
    for text in texts.split(" | "):
        module = made(mg, text).train(mode)
        start = {key: value.clone() for key, value in module.state_dict().items()}

        def call(lib, *tensors, module=module, start=start):
            module.to(tensors[0].device).load_state_dict(start)
            module.zero_grad()
            outs = flat(module(*tensors))
            if outs[0].requires_grad:
                sum((out * out.detach().cos()).sum() for out in outs).backward(retain_graph=True)
            own = [parameter.grad.clone() for parameter in module.parameters()]
            for tensor in tensors:
                tensor.grad = None
            return [*outs, *own, *(buffer.clone() for buffer in module.buffers())]

        asked.append(same(call, *inputs))
    assert any(asked) == (name in WAITS and (name != "BatchNorm1d" or mode))
