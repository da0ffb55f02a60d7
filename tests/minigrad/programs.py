"""Random programs: lists of steps that mean the same in minigrad and in PyTorch.

A program's values are numbered: first the leaves, then the result of each step. A step names an op, the values that it
takes and its settings, so a program prints as Python that can be run. Its structure is drawn step by step and shrinks;
its leaves come from one seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg

LEAVES = ((), (3,), (2, 3), (3, 1), (1, 3), (2, 1, 3))


@dataclass(frozen=True)
class Step:
    """code: an expression of `lib` and the operands `a`, `b`. operands: the numbers of the values it takes."""

    code: str
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """leaves: the shapes of the first values, whose numbers come from `seed`."""

    leaves: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    seed: int

    def arrays(self) -> list[np.ndarray]:
        """The leaves' values, with four decimals, between -2 and 2."""
        rng = np.random.default_rng(self.seed)
        return [rng.uniform(-2, 2, shape).round(4) for shape in self.leaves]

    def run(self, lib: Any, leaves: list) -> list:
        """All values, in minigrad or PyTorch."""
        values = list(leaves)
        for step in self.steps:
            operands = dict(zip("ab", (values[i] for i in step.operands), strict=False))
            values.append(eval(step.code, {"lib": lib}, operands))
        return values

    def __repr__(self) -> str:
        lines = [f"v{i} = leaf{shape}  # seed {self.seed}" for i, shape in enumerate(self.leaves)]
        for i, step in enumerate(self.steps, start=len(self.leaves)):
            names = ", ".join(f"{letter} = v{operand}" for letter, operand in zip("ab", step.operands, strict=False))
            lines.append(f"v{i} = {step.code}  # {names}")
        return "\n".join(lines)


# Ops that stay smooth and small wherever they are: what they are given is brought into their domain first.
EVERYWHERE = (
    "lib.tanh(a)", "lib.sigmoid(a)", "lib.sin(a)", "lib.cos(a) * a", "lib.exp(-a * a)", "lib.log(a * a + 1)",
    "lib.sqrt(a * a + 0.5)", "a / (a * a + 1)", "-a", "a * 0.5 + 1", "(a * a + 0.1) ** 0.7", "lib.relu(a - 0.123)",
    "lib.abs(a - 0.123)", "lib.clamp(a, -1.017, 1.019)", "a.detach() * a", "1 - a", "a - a.sum()", "2 / (a * a + 1)",
    "lib.where(a > 0.117, a, 0.3 * a)", "a.reshape(-1)", "a.flatten()", "a.unsqueeze(0)", "a.unsqueeze(-1)",
    "a.sum()", "a.mean()", "a.amax()", "a.expand(2, *a.shape)", "a[None] * a", "a[..., None]", "a.squeeze()",
    "a.pow(3) * 0.1", "a.clone()", "lib.logsumexp(a.reshape(-1), 0)", "a.reshape(-1).cumsum(0) * 0.3",
    "a.T if a.ndim == 2 else a",
)  # fmt: skip
WITH_AXIS = (
    "a.sum({d})", "a.sum({d}, keepdim=True)", "a.mean({d})", "a.mean({d}, keepdim=True)", "a.amax({d})",
    "a.amin({d}, keepdim=True)", "lib.softmax(a, {d})", "lib.log_softmax(a, {d})", "lib.logsumexp(a, {d})",
    "a.cumsum({d}) * 0.3", "a.transpose(0, {d})", "lib.flip(a, ({d},))", "a.unbind({d})[0]", "a.max({d})[0]",
    "a.var({d}, correction=0)", "lib.cat([a, a * 2], {d})", "lib.stack([a, -a], {d})",
    "a.sort({d})[0]", "a.select({d}, 0)", "a.select({d}, -1)", "a.narrow({d}, 0, 1)",
)  # fmt: skip
OF_ROWS = ("a[0]", "a[-1]", "a[1:]", "a[::2]", "a[[0, 0, -1]]", "a[:, None] * a", "a[a.shape[0] - 1:]")
TWO = (
    "a + b", "a - b", "a * b", "a / (b * b + 1)", "lib.maximum(a, b + 0.0137)", "lib.minimum(a, b + 0.0137)",
    "lib.where(a > b + 0.0137, a, b)", "lib.atan2(a, b * b + 1)", "(a * a + 0.5) ** (0.2 * b)", "a * b + a",
)  # fmt: skip
PRODUCTS = ("a @ b * 0.3",)


@st.composite
def programs(draw: st.DrawFn, max_steps: int = 10) -> Program:
    """Programs of 1 to `max_steps` steps, every one of which NumPy's shape rules allow."""
    leaves = tuple(draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=3)))
    shapes = list(leaves)
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, max_steps))):
        step, shape = draw(st.sampled_from(_possible(draw, shapes)))
        steps.append(step)
        shapes.append(shape)
    return Program(leaves, tuple(steps), draw(st.integers(0, 2**16)))


def _possible(draw: st.DrawFn, shapes: list[tuple[int, ...]]) -> list[tuple[Step, tuple[int, ...]]]:
    """The steps that two drawn values allow, with the shapes that they give."""
    a, b = draw(st.integers(0, len(shapes) - 1)), draw(st.integers(0, len(shapes) - 1))
    codes = [(code, (a,)) for code in EVERYWHERE]
    if shapes[a]:
        axis = draw(st.integers(-len(shapes[a]), len(shapes[a]) - 1))
        codes += [(code.format(d=axis), (a,)) for code in WITH_AXIS]
        codes += [(code, (a,)) for code in OF_ROWS]
    codes += [(code, (a, b)) for code in (*TWO, *(PRODUCTS if shapes[a] and shapes[b] else ()))]
    found = []
    for code, operands in codes:
        shape = _shape(code, [shapes[i] for i in operands])
        if shape is not None and len(shape) <= 4 and np.prod(shape) <= 60 and 0 not in shape:
            found.append((Step(code, operands), shape))
    return found


_SHAPES: dict[tuple, tuple[int, ...] | None] = {}


def _shape(code: str, shapes: list[tuple[int, ...]]) -> tuple[int, ...] | None:
    """The shape of a step's result, as minigrad says; None if it refuses."""
    key = (code, *shapes)
    if key not in _SHAPES:
        try:
            with mg.no_grad():
                operands = dict(zip("ab", (mg.ones(shape) for shape in shapes), strict=False))
                _SHAPES[key] = tuple(eval(code, {"lib": mg}, operands).shape)
        except (ValueError, IndexError, RuntimeError):
            _SHAPES[key] = None
    return _SHAPES[key]
