"""Every backward of `minigrad.ops`, made wrong in one place at a time: does the sweep over its spec notice?

    python -m tests.mutants [NAME ...]

prints the mutants that survived, and the kill rate. NAME: as in the specs, `linear.fc`, or all of a file, `linear`; all
there are if none is given. A mutant changes one operator, one comparison, one number (an axis, a factor), one flag or
one sign of a backward, of a helper in its file that only backwards call, or of a slope in a table. What the sweep does
not notice is written into a copy of the package, on which the tests of that file are run. Those in `HARMLESS` change
nothing that can be seen.
"""

from __future__ import annotations
import __future__

import ast
import copy
import functools
import importlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from tqdm import tqdm

from minigrad.testing import sweep
from tests.minigrad.testing.specs import SPECS

ROOT = Path(__file__).parent.parent
EXAMPLES = 30
LONG = 900  # seconds; a mutant that has not ended its tests by then will not

# What changes nothing that can be seen, by a piece of the text "right  ->  wrong".
HARMLESS = {
    "needs[": "only skips a gradient that nobody wants",
    "LARGE": "chooses between two ways to the same result",
    "part is None and part is Ellipsis": "chooses between two ways to the same result",
    "reshape(-2": "NumPy takes any negative length for the missing one",
    "along = [[-2": "the same",
    ".reshape(len(a), -2": "the same",
    ".reshape(len(b), -2": "the same",
    "strict=False": "only misses an error that cannot come",
    "copy=True": "only costs a copy",
    "-> Array & None": "is an annotation",
    "_blocks(": "decides how large a block is",
    "share(": "decides how many threads work",
    "stretched, keepdims=False).reshape": "the shape is set right after",
    "square == 0, 1": "is multiplied by 0",
    "constant, 2": "fills a place that is masked",
    "vanishes, 2": "fills a place that is masked",
    "flat, 2": "fills a place that is masked",
    "out == 0, 2": "divides a 0",
    "out == 0, 1, dout": "is multiplied by 0",
    "shape, alike, (": "counts a border, which these windows do not reach",
    "xp.minimum(x, 1)": "only keeps exp from overflowing, in a place that is masked",
}

SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Mutant:
    """text: what was changed. backward: the changed one. node: what to replace in the file, by `source`."""

    text: str
    backward: Callable
    node: ast.FunctionDef | ast.Lambda
    source: str


def mutations(tree: ast.FunctionDef | ast.Lambda) -> Iterator[Any]:
    """Every mutant of a function; its signature stays as it is."""
    signature = {id(node) for node in ast.walk(tree.args)}
    for number, node in enumerate(ast.walk(tree)):
        for change in _changes(node) if id(node) not in signature else ():
            mutant = copy.deepcopy(tree)
            change(list(ast.walk(mutant))[number])
            if ast.unparse(mutant) != ast.unparse(tree):
                yield ast.fix_missing_locations(mutant)


def _changes(node: ast.AST) -> Iterator[Callable[[ast.AST], None]]:
    """What can be done to one node, in place."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in SWAPS:
        yield lambda one: setattr(one, "op", SWAPS[type(one.op)]())  # type: ignore[attr-defined]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield lambda one: setattr(one, "ops", [SWAPS[type(one.ops[0])]()])  # type: ignore[attr-defined]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda one: setattr(one, "op", ast.UAdd())
    if isinstance(node, (ast.If, ast.IfExp)):
        yield lambda one: setattr(one, "test", ast.UnaryOp(ast.Not(), one.test))  # type: ignore[attr-defined]
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield lambda one: setattr(one, "value", not one.value)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield lambda one: setattr(one, "value", one.value + 1)  # type: ignore[attr-defined]
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
        yield lambda one: one.value.elts.reverse()  # type: ignore[attr-defined]
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield lambda one: setattr(one, "attr", "real")


def mutants(backward: FunctionType, module: ModuleType) -> Iterator[Mutant]:
    """Of a backward, and of the helpers of the same file that only backwards call."""
    for function in [backward, *_helpers(backward, module)]:
        tree = _definition(module, function)
        for mutant in mutations(tree):
            built = _built(mutant, function)
            changed = built if function is backward else _with_helper(backward, function.__name__, built)
            yield Mutant(f"{function.__name__}: {_difference(tree, mutant)}", changed, tree, ast.unparse(mutant))


def _helpers(backward: FunctionType, module: ModuleType) -> list[FunctionType]:
    """The functions of the same file that it calls, and no forward does."""
    forwards = [one for name, one in vars(module).items() if name.endswith("_forward") and inspect.isfunction(one)]
    theirs = {name for forward in forwards for name in forward.__code__.co_names}
    found = [getattr(module, name, None) for name in backward.__code__.co_names if name not in theirs]
    return [one for one in found if inspect.isfunction(one) and one.__module__ == module.__name__]


SLOPES = ("local", "slope", "by_x", "by_y")  # the fields of a table's row that backward uses


def mutants_of_row(name: str, module: ModuleType) -> Iterator[Mutant]:
    """Of the slopes in a row of a table."""
    row = module.TABLE[name]
    for field in SLOPES:
        function = getattr(row, field, None)
        if not inspect.isfunction(function) or function.__module__ != module.__name__:
            continue
        tree = _definition(module, function)
        for mutant in mutations(tree):
            module.TABLE[name] = replace(row, **{field: _built(mutant, function)})
            backward = module.pair(name)[1]
            module.TABLE[name] = row
            yield Mutant(f"{field}: {_difference(tree, mutant)}", backward, tree, ast.unparse(mutant))


def _definition(module: ModuleType, function: FunctionType) -> Any:
    """Where the function stands in its file: a def without its docstring, or the lambda that compiles to the same."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            if ast.get_docstring(node):
                node.body = node.body[1:]
            return node
        if isinstance(node, ast.Lambda) and node.lineno == function.__code__.co_firstlineno:
            code = eval(compile(ast.Expression(node), "lambda", "eval"), {}).__code__
            if (code.co_code, code.co_names) == (function.__code__.co_code, function.__code__.co_names):
                return node
    raise LookupError(f"{function.__name__} is not in {module.__name__}")


def _difference(one: ast.AST, other: ast.AST) -> str:
    """The first line that is another one."""
    pairs = zip(ast.unparse(one).splitlines(), ast.unparse(other).splitlines(), strict=False)
    old, new = next((old.strip(), new.strip()) for old, new in pairs if old != new)
    return f"{old}  ->  {new}"


def _built(tree: Any, function: FunctionType) -> FunctionType:
    """The function, compiled from the changed tree, in the surroundings of the right one."""
    space = dict(function.__globals__)
    if isinstance(tree, ast.Lambda):
        return eval(compile(ast.Expression(tree), "mutant", "eval"), space)
    module = ast.Module([tree], [])
    exec(compile(module, "mutant", "exec", flags=__future__.annotations.compiler_flag), space)
    return space[function.__name__]


def _with_helper(backward: FunctionType, name: str, helper: Callable) -> FunctionType:
    space = {**backward.__globals__, name: helper}
    built = FunctionType(backward.__code__, space, backward.__name__, backward.__defaults__, backward.__closure__)
    built.__kwdefaults__ = backward.__kwdefaults__
    return built


def killed(spec, backward: Callable) -> bool:  # type: ignore[no-untyped-def]
    """Whether the sweep notices."""
    with np.errstate(all="ignore"):
        return not sweep(replace(spec, backward=backward), examples=EXAMPLES, shrink=False)


def killed_by_tests(mutant: Mutant, module: ModuleType) -> bool:
    """Whether the tests of the file fail on a copy of the package with the mutant in it, and pass on one without."""
    text = Path(module.__file__ or "").read_text(encoding="utf-8")
    assert _tests_pass(module.__name__, text), f"the tests of {module.__name__} fail without a mutant"
    return not _tests_pass(module.__name__, _replaced(text, mutant))


@functools.cache
def _tests_pass(module: str, text: str) -> bool:
    """Whether the tests of a module of `minigrad.ops` pass when this is its text."""
    name = module.rsplit(".", 1)[1]
    tests = [
        *(f"tests/minigrad/{room}/test_{name}.py" for room in ("ops", "functions")),
        "tests/minigrad/test_sweep.py",
        "tests/minigrad/test_sweep_nn.py",
        *(f"tests/device_guard/test_{what}.py" for what in ("kernels", "convolution", "loss_kernels")),  # GPUs' lines
    ]
    tests = [test for test in tests if (ROOT / test).exists()]
    with tempfile.TemporaryDirectory() as folder:
        for part in ("minigrad", "tests"):
            shutil.copytree(ROOT / part, Path(folder) / part)
        shutil.copy(ROOT / "pyproject.toml", folder)
        (Path(folder) / "minigrad" / "ops" / f"{name}.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            return (
                subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=LONG).returncode == 0
            )
        except subprocess.TimeoutExpired:
            return False


def _replaced(text: str, mutant: Mutant) -> str:
    """The file with the mutant in place of the right function."""
    lines = text.splitlines(keepends=True)
    first, last = mutant.node.lineno - 1, (mutant.node.end_lineno or 0) - 1
    # The columns are counted in bytes.
    before = lines[first].encode()[: mutant.node.col_offset].decode()
    after = lines[last].encode()[mutant.node.end_col_offset :].decode()
    source = mutant.source if isinstance(mutant.node, ast.FunctionDef) else f"({mutant.source})"
    return "".join(lines[:first]) + before + source + after + "".join(lines[last + 1 :])


def main(names: list[str]) -> int:
    """Run over the named specs, or all. Returns 0 if no mutant survived."""
    chosen = [spec for spec in SPECS if not names or spec in names or spec.split(".")[0] in names]
    unknown = [name for name in names if not any(name in (spec, spec.split(".")[0]) for spec in chosen)]
    if unknown:
        print(f"There is no spec {', '.join(unknown)}. There are: {', '.join(SPECS)}.", file=sys.stderr)
        return 2
    survivors: list[str] = []
    seen: dict[tuple[str, str], bool] = {}
    total = by_sweep = 0
    for name in tqdm(chosen, unit="op"):
        module = importlib.import_module(f"minigrad.ops.{name.split('.')[0]}")
        spec = SPECS[name]
        if not isinstance(spec.backward, FunctionType) or spec.backward.__module__ != module.__name__:
            continue
        row = name.split(".")[1]
        in_table = row in getattr(module, "TABLE", {})
        for mutant in mutants_of_row(row, module) if in_table else mutants(spec.backward, module):
            if any(piece in mutant.text for piece in HARMLESS):
                continue
            total += 1
            if killed(spec, mutant.backward):
                by_sweep += 1
                continue
            key = (module.__name__, mutant.text)  # a helper of two ops is tried once
            if key not in seen:
                seen[key] = killed_by_tests(mutant, module)
            if not seen[key]:
                survivors.append(f"{name}: {mutant.text}")
                tqdm.write(survivors[-1])
    died = total - len(survivors)
    print(f"{died} of {total} mutants were killed ({died / max(total, 1):.1%}), {by_sweep} of them by the sweep alone.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
