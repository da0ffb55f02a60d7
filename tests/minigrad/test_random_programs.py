"""Random programs give the values and gradients that they give in PyTorch.

Some hundreds are drawn by default; MINIGRAD_PROGRAMS=10000 draws so many, as is done by night.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import minigrad as mg
from tests.minigrad.programs import Program, programs

COUNT = int(os.environ.get("MINIGRAD_PROGRAMS", "500"))
# Shrinking stays on, explaining does not: it would run the program a thousand times more.
drawn = settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    derandomize=COUNT <= 1000,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def run(program: Program, lib, dtype):
    """(values, the leaves' gradients) for random upstream gradients into every value that has one."""
    leaves = [lib.tensor(array, dtype=dtype, requires_grad=True) for array in program.arrays()]
    values = program.run(lib, leaves)
    rng = np.random.default_rng(program.seed)
    total = sum((value * lib.tensor(rng.uniform(-1, 1, tuple(value.shape)), dtype=dtype)).sum() for value in values)
    total.backward()
    return [np.asarray(value.detach()) for value in values], [np.asarray(leaf.grad) for leaf in leaves]


def assert_agrees(program: Program) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    values, gradients = run(program, mg, mg.float64)
    right_values, right_gradients = run(program, torch, torch.float64)
    for i, (value, right) in enumerate(zip(values, right_values, strict=True)):
        assert value.shape == right.shape, f"v{i} has another shape in\n{program}"
        np.testing.assert_allclose(value, right, rtol=1e-9, atol=1e-9, err_msg=f"v{i} in\n{program}")
    for i, (gradient, right) in enumerate(zip(gradients, right_gradients, strict=True)):
        size = max(1.0, float(np.abs(right).max(initial=0)))
        np.testing.assert_allclose(gradient, right, rtol=1e-7, atol=1e-9 * size, err_msg=f"v{i}.grad in\n{program}")


@drawn
@given(programs())
def test_values_and_gradients_are_pytorchs(program):
    assert_agrees(program)


def test_a_wrong_gradient_is_found_by_a_short_program(monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    op = next(op for op in _ops_of(mg.tanh) if op.name == "tanh")
    right = op.backward
    monkeypatch.setattr(op, "backward", lambda dout, cache: 1.5 * right(dout, cache))

    @drawn
    @given(programs())
    def check(program):
        assert_agrees(program)

    with pytest.raises(AssertionError, match=r"v0.grad in\nv0 = leaf\(.*\)  # seed 0\nv1 = lib.tanh\(a\)  # a = v0\n"):
        check()


def _ops_of(function):
    """The `Op`s in the closures of a lifted function."""
    seen, ahead = set(), [function]
    while ahead:
        one = ahead.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one).__name__ == "Op":
            yield one
        elif callable(one):
            ahead += [cell.cell_contents for cell in getattr(one, "__closure__", None) or ()]
            code = getattr(one, "__code__", None)
            ahead += [one.__globals__[name] for name in (code.co_names if code else ()) if name in one.__globals__]
