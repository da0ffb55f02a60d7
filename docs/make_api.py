"""Write `api.md` beside this file, from the table of functions and the docstrings: `python docs/make_api.py`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import minigrad.functions
from minigrad import autograd, cuda, data, distributed, nn, optim
from minigrad.functions.table import METHODS, TABLE
from minigrad.optim import lr_scheduler

PAGE = Path(__file__).with_name("api.md")


def page() -> str:
    """The text of the page."""
    parts = [
        "# All functions, methods and modules",
        "Made by `python docs/make_api.py` from the table that gives `mg.<name>(x)` and `x.<name>()`. What is called x "
        "and y has PyTorch's names, too: `input=` and `other=`. PyTorch says more of each; [what differs](pytorch.md) "
        "is a page of its own.",
    ]
    for family in sorted(module.name for module in pkgutil.iter_modules(minigrad.functions.__path__)):
        module = importlib.import_module(f"minigrad.functions.{family}")
        names = [name for name, function in TABLE.items() if is_entered_by(module, name, function)]
        if names:
            parts += _section(family.replace("_", " "), _first_line(module), [(name, TABLE[name]) for name in names])
    methods = [(name, one) for name, one in METHODS.items() if not name.startswith("_") and callable(one)]
    parts += _section("methods only", "Of a Tensor, as `x.<name>()`; a name with _ at its end writes into x.", methods)
    rooms = {"nn": nn, "nn.functional": nn.functional, "nn.parallel": nn.parallel}
    rooms |= {"optim": optim, "optim.lr_scheduler": lr_scheduler}
    rooms |= {"autograd": autograd, "cuda": cuda, "data": data, "distributed": distributed}
    for name, room in rooms.items():
        parts += _section(name, _first_line(room), _members(room))
    return "\n\n".join(parts) + "\n"


def is_entered_by(family: ModuleType, name: str, function: Callable) -> bool:
    """Whether a family made a function, lifted or written out, and did not just import it."""
    is_there = vars(family).get(name) is function
    return is_there and function.__module__ in (family.__name__, "minigrad.lift")


def _members(room: ModuleType) -> list[tuple[str, Callable]]:
    """What a room offers: what it lists, or else the classes that it defines."""
    own = [name for name, one in vars(room).items() if inspect.isclass(one) and one.__module__ == room.__name__]
    names = getattr(room, "__all__", own)
    members = [(name, getattr(room, name)) for name in names if not name.startswith("_")]
    return [(name, one) for name, one in members if not inspect.ismodule(one)]


def _section(title: str, text: str, members: Iterable[tuple[str, Callable]]) -> list[str]:
    rows = [f"| `{name}{_call(one)}` | {_first_line(one)} |" for name, one in members]
    return [f"## {title}", text, "\n".join(["| | |", "|---|---|", *rows])]


def _call(function: Callable) -> str:
    """The arguments, without their types."""
    parameters = inspect.signature(function).parameters.values()
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in parameters if one.name != "self"]
    return str(inspect.Signature(plain)).replace("|", "\\|")


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0].replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
