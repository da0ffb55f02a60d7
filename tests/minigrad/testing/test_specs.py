"""Every op of minigrad has a spec, and passes its sweep."""

import importlib
import pkgutil

import pytest

import minigrad.ops
from minigrad.testing import sweep
from tests.minigrad.testing.specs import SPECS

SHARED = {"ordering.picked"}  # the one backward of max, min, median, sort and topk


def backwards():
    """`module.name` of every backward in `minigrad.ops`, also of those that a table makes."""
    for info in pkgutil.iter_modules(minigrad.ops.__path__):
        module = importlib.import_module(f"minigrad.ops.{info.name}")
        names = {name.removesuffix("_backward") for name in vars(module) if name.endswith("_backward")}
        names |= set(getattr(module, "TABLE", {}))
        for name in names:
            function = getattr(module, f"{name}_backward", None)
            if function is None or (function.__module__ == module.__name__ and not name.startswith("_")):
                yield f"{info.name}.{name}"


def test_every_op_has_a_spec():
    assert {name for name in backwards() if name not in SHARED} == set(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_an_op_passes_everything_that_is_asked_of_it(name):
    report = sweep(SPECS[name], examples=25)
    assert report, str(report)
