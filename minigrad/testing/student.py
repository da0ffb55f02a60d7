"""The ops in a student's file, and what is wrong with them. `testing.check` runs this in a process of its own.

An op is a pair `foo_forward`, `foo_backward` (with the same ending, as in `conv_forward_naive`), or a function that
gives a value and its gradient at once, whose name ends in `_loss`.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from minigrad.testing import catalog
from minigrad.testing.case import Case
from minigrad.testing.falsify import drawn
from minigrad.testing.report import NOT_CHECKED, OK, WRONG, GradientReport
from minigrad.testing.spec import OpSpec
from minigrad.testing.sweeping import sweep

EXAMPLES = 25
TRIED = 12  # drawn calls on which a way to call an op is tried
RIGHT, TAKEN = "right", "taken"  # what forward makes of them
NAME = re.compile(r"(?P<op>\w+?)_(?P<way>forward|backward)(?P<ending>_\w+)?")
LOSS = re.compile(r"(?P<op>\w*loss)(?P<ending>_(naive|vectorized|fast))?")


@dataclass(frozen=True)
class StudentsOp:
    """backward: None for a function that gives value and gradient at once, or where there is none."""

    name: str
    forward: Callable | None
    backward: Callable | None
    module: ModuleType

    @property
    def known_as(self) -> str:
        """The name without an ending such as `_naive`."""
        match = NAME.fullmatch(f"{self.name}_forward") or LOSS.fullmatch(self.name)
        assert match is not None
        return re.sub(r"_(naive|fast|vectorized|im2col|strides|alt)$", "", match["op"])


def load(path: str | Path) -> ModuleType:
    """The file as a module; its folder comes first on the path, so that it finds its neighbours."""
    path = Path(path).resolve()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def ops_in(module: ModuleType) -> list[StudentsOp]:
    """Every op of the module, in the order in which they stand there. What it imports from minigrad is not the
    student's."""
    functions = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not value.__module__.startswith("minigrad.")
    }
    found: dict[str, StudentsOp] = {}
    for name, function in functions.items():
        pair, loss = NAME.fullmatch(name), LOSS.fullmatch(name)
        if pair:
            op = pair["op"] + (pair["ending"] or "")
            forward = functions.get(f"{pair['op']}_forward{pair['ending'] or ''}") or functions.get(
                f"{pair['op']}_forward"
            )
            found[op] = StudentsOp(op, forward, functions.get(f"{pair['op']}_backward{pair['ending'] or ''}"), module)
        elif loss and not name.startswith("_"):
            found[name] = StudentsOp(name, function, None, module)
    return list(found.values())


def checked(op: StudentsOp, seed: int = 0) -> dict[str, Any]:
    """The op's row: {"op", "verdict", "gradients": [{"name", "verdict", "cause", "detail", "example"}], "detail",
    "remarks"}."""
    row: dict[str, Any] = {"op": op.name, "verdict": OK, "gradients": [], "detail": "", "remarks": []}
    is_pair = not LOSS.fullmatch(op.name) or op.backward is not None
    if is_pair and (op.forward is None or op.backward is None):
        there, missing = ("backward", "forward") if op.forward is None else ("forward", "backward")
        return row | {"verdict": NOT_CHECKED, "detail": f"there is a {op.name}_{there}, but no {op.name}_{missing}"}
    assert op.forward is not None
    calls = _calls(op, seed)
    if calls is None:
        return row | {"verdict": NOT_CHECKED, "detail": _how_to_help(op)}
    call = _suiting(op.forward, calls, seed)
    spec = OpSpec(
        _repeatable(op.forward, seed),
        op.backward,
        call.inputs,
        kinks=call.kinks,
        reference=call.reference,
        name=op.name,
    )
    report = sweep(spec, examples=EXAMPLES, seed=seed)
    row["gradients"] = [_gradient(one) for one in report.gradients]
    row["verdict"] = super(type(report), report).verdict
    for one in report.properties:
        if one.status != "failed":
            continue
        if one.name == "reference":
            row |= {"verdict": WRONG, "detail": f"its output is not that of the library's own op: {one.detail}"}
        else:
            row["remarks"].append(f"{one.name}: {one.detail}")
    return row


def _gradient(report: GradientReport) -> dict[str, Any]:
    worst = ""
    if report.verdict == WRONG and report.index is not None:
        place = f"at {list(report.index)} " if report.index else ""
        worst = f"; {place}backward says {report.analytic:.6g}, differences say {report.numeric:.6g}"
    return {
        "name": report.name,
        "verdict": report.verdict,
        "cause": report.cause,
        "detail": report.detail + worst,
        "example": report.example,
    }


def _calls(op: StudentsOp, seed: int) -> tuple[catalog.Call, ...] | None:
    """The ways to call it: the student's own examples, or those of the catalogue; None if neither is there."""
    for name in dict.fromkeys((op.name, op.known_as)):
        examples = getattr(op.module, f"{name}_example_inputs", None)
        if callable(examples):
            return (catalog.Call(_around(_own_examples(op, examples, seed))),)
    return catalog.find(op.known_as) or None


def _own_examples(op: StudentsOp, examples: Callable, seed: int) -> list[Case]:
    """What `foo_example_inputs` returns: arguments in a tuple, settings in a dict at its end; or a list of those."""
    given = examples(np.random.default_rng(seed)) if inspect.signature(examples).parameters else examples()
    found = []
    for one in given if isinstance(given, list) else [given]:
        args = one if isinstance(one, tuple) else (one,)
        settings: dict[str, Any] = {}
        words = inspect.signature(op.forward).parameters if op.forward else {}
        if args and isinstance(args[-1], dict) and set(args[-1]) <= set(words):
            *rest, settings = args
            args = tuple(rest)
        found.append(Case(args, settings))
    if not found:
        raise ValueError(f"{op.name}_example_inputs must return the arguments of a call in a tuple, got {given!r}.")
    return found


def _around(examples: list[Case]) -> SearchStrategy[Case]:
    """The examples themselves, and others of their shapes, signs and orders of size."""

    def make(case: Case, seed: int) -> Case:
        rng = np.random.default_rng(seed)
        if seed == 0:
            return case
        return case.each(
            lambda array: (
                np.asarray(array * rng.uniform(0.7, 1.4, array.shape), array.dtype)
                if array.dtype.kind == "f"
                else array
            )
        )

    return st.builds(make, st.sampled_from(examples), st.integers(0, 1000))


def _suiting(forward: Callable, calls: tuple[catalog.Call, ...], seed: int) -> catalog.Call:
    """The first call that forward takes and answers as the reference does; else the first that it takes; else the first
    with as many arguments."""
    taken: list[catalog.Call] = []
    fitted = [fitting for call in calls if (fitting := _fitted(forward, call, seed)) is not None]
    for call in fitted:
        answer = _answer(forward, call, seed)
        if answer == RIGHT:
            return call
        if answer == TAKEN:
            taken.append(call)
    return (taken or fitted or list(calls))[0]


def _fitted(forward: Callable, call: catalog.Call, seed: int) -> catalog.Call | None:
    """The call with those settings only that forward has parameters for; None if the arguments do not fit it."""
    words = inspect.signature(forward).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in words.values())
    if call.parameter and call.parameter not in words:
        return None

    def fit(case: Case) -> Case:
        return Case(case.args, {word: value for word, value in case.settings.items() if takes_any or word in words})

    inputs = call.inputs.map(fit)
    example = drawn(inputs, 1, seed)[0]
    return replace(call, inputs=inputs) if _binds(forward, example.args, example.settings) else None


def _answer(forward: Callable, call: catalog.Call, seed: int) -> str:
    """What forward does on drawn calls: RIGHT if it gives what the reference gives, TAKEN if it only runs, or ""."""
    answer = RIGHT
    for case in drawn(call.inputs, TRIED, seed):
        given, other = case.copied(), case.copied()
        try:
            with np.errstate(all="ignore"):
                result = forward(*given.args, **given.settings)
            out = result[0]
            out = out[0] if isinstance(out, tuple) else out
        except Exception:
            return ""
        if call.reference is not None and answer == RIGHT:
            right = call.reference(*other.args, **other.settings)
            if np.shape(out) != np.shape(right) or not np.allclose(out, right, rtol=1e-6, atol=1e-8, equal_nan=True):
                answer = TAKEN
    return answer


def _binds(function: Callable | None, args: tuple, settings: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(function).bind(*args, **settings)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _repeatable(forward: Callable, seed: int) -> Callable:
    """forward, with NumPy's global random state put back before each call: dropout draws its mask from it, and must
    draw the same one to be differentiated."""

    def seeded(*args: Any, **settings: Any) -> Any:
        np.random.seed(seed)
        return forward(*args, **settings)

    seeded.__signature__ = inspect.signature(forward)  # type: ignore[attr-defined]
    return seeded


def _how_to_help(op: StudentsOp) -> str:
    """What to write so that it can be checked."""
    return (
        f"the name is not known. Write a function {op.name}_example_inputs() that returns the arguments of one call of "
        f"{op.name}{'' if LOSS.fullmatch(op.name) else '_forward'} in a tuple"
    )
