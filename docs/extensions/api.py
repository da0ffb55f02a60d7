"""`{api} minigrad.nn`: what a room of the library offers, from its docstrings.

:from: names the files of the room whose names to show, such as `convolution pooling`; without it, all are shown.

Signatures stand without types, for the docstrings give shapes. A function or a layer that is an op has its formula, and
a link to its derivation, from what `minigrad explain` knows.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from make_api import is_entered_by
from make_ops import place_of
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from extensions.docstrings import as_markdown
from extensions.repository import line_of
from minigrad.functions.table import METHODS, TABLE
from minigrad.teach.explain import Explanation
from minigrad.teach.explain.lookup import ALIASES, UnknownOp, explanation_of

FENCE, INNER_FENCE = ":" * 6, ":" * 5
LONG = 80  # characters, from which on a constant's value says nothing


class Api(SphinxDirective):
    required_arguments = 1  # the room
    option_spec = {"from": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        (room,) = self.arguments
        here = Path(self.env.doc2path(self.env.docname)).parent
        wanted = members(room, self.options.get("from", "").split())
        if not wanted:
            raise self.error(f"{room} has no public name in {self.options.get('from')}.")
        text = "\n\n".join(entry(room, name, thing, here) for name, thing in wanted.items())
        return self.parse_text_to_nodes(text)


# -- what there is -----------------------------------------------------------------------------------------------------


def members(room: str, files: Iterable[str] = ()) -> dict[str, Any]:
    """The public names of a room and what they are; with `files`, those that these of its files define."""
    module = importlib.import_module(room)
    names = getattr(module, "__all__", None) or _public_names(module)
    things = {name: getattr(module, name) for name in names}
    things = {name: thing for name, thing in things.items() if not inspect.ismodule(thing)}
    return {name: thing for name, thing in things.items() if not files or file_of(room, name, thing) in files}


def _public_names(module: ModuleType) -> list[str]:
    """Of a room that lists none: all of `minigrad`'s; of any other, what is defined in it and says something."""
    if module.__name__ == "minigrad":
        return [name for name in dir(module) if not name.startswith("_") and name != "annotations"]
    own = {name: thing for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__}
    return [name for name, thing in own.items() if not name.startswith("_") and thing.__doc__]


def file_of(room: str, name: str, thing: Any) -> str:
    """The file of the room that defines a name, such as `functions.reduction`; "constants" for what is no code."""
    if not is_code(thing):
        return "constants"
    home = _family_of(name) if room == "minigrad" and TABLE.get(name) is thing else thing.__module__
    return home.removeprefix(f"{room}.")


def is_code(thing: Any) -> bool:
    return callable(thing) and getattr(thing, "__module__", "").startswith("minigrad")


@functools.cache
def _family_of(name: str) -> str:
    """The file of `minigrad.functions` that entered a function into the table."""
    function = TABLE[name]
    for family in vars(importlib.import_module("minigrad.functions")).values():
        if inspect.ismodule(family) and is_entered_by(family, name, function):
            return family.__name__
    raise LookupError(f"No file of minigrad.functions defines {name}.")


# -- what stands there, as Markdown for Sphinx -------------------------------------------------------------------------


def entry(room: str, name: str, thing: Any, here: Path) -> str:
    """A name of a room, on a page in the folder `here`."""
    if not is_code(thing):
        value = getattr(thing, "__name__", None) or repr(thing)
        shown = f":value: {value}\n" if len(value) < LONG else ""
        return f"{FENCE}{{py:data}} {name}\n:module: {room}\n{shown}{FENCE}"
    explained = explanation(room, name)
    parts = [_text(room, name, thing), *_mathematics(name, explained), _links(thing, explained, here)]
    kind = "function"
    if inspect.isclass(thing):
        kind = "exception" if issubclass(thing, BaseException) else "class"
        parts += [_method(*method) for method in _methods(thing)]
    body = "\n\n".join(filter(None, parts))
    return f"{FENCE}{{py:{kind}}} {name}{_signature(thing)}\n:module: {room}\n\n{body}\n{FENCE}"


def _text(room: str, name: str, thing: Any) -> str:
    for first in (thing, getattr(thing, "__wrapped__", thing)):  # what `alias` entered answers for the first
        if first.__name__ != name and getattr(importlib.import_module(room), first.__name__, None) is first:
            return f"Another name of {{py:func}}`~{room}.{first.__name__}`."
    return as_markdown(inspect.getdoc(thing) or "")


def explanation(room: str, name: str) -> Explanation | None:
    """What there is to explain about a function, a layer or a pair."""
    if room not in ("minigrad", "minigrad.nn", "minigrad.nn.functional") and not room.startswith("minigrad.ops"):
        return None
    try:
        if room.startswith("minigrad.ops"):
            return explanation_of(f"{room.rpartition('.')[2]}.{_bare(name)}")
        return explanation_of(name)
    except UnknownOp:
        return None


def _bare(name: str) -> str:
    return name.removesuffix("_naive").removesuffix("_forward").removesuffix("_backward")


def _mathematics(name: str, explained: Explanation | None) -> list[str]:
    """The formula; for a backward, the rule of each gradient. None for what is an op with other arguments."""
    if explained is None or name in ALIASES:
        return []
    if _bare(name) != name and "_backward" in name:
        return [f"$$\n{gradient.rule}\n$$" for gradient in explained.gradients]
    return [f"$$\n{explained.formula}\n$$"]


def _links(thing: Any, explained: Explanation | None, here: Path) -> str:
    """To the code, and to the derivation if there is one."""
    code = inspect.unwrap(thing) if thing.__module__ == "minigrad.lift" else thing  # an op: the pair that was lifted
    path = Path(sys.modules[code.__module__].__file__ or "")
    name = f"#{code.__name__}" if line_of(path, code.__name__) else ""  # a pair of a table has no line of its own
    links = [f"[code]({_relative(path, here)}{name})"]
    if explained is not None:
        page, anchor = place_of(explained)
        links.insert(0, f"[derivation]({_relative(page, here)}#{anchor})")
    return f":::{{div}} source\n{' · '.join(links)}\n:::"


def _relative(path: Path, here: Path) -> str:
    return Path(os.path.relpath(path, here)).as_posix()


def _signature(thing: Any) -> str:
    """The arguments, without their types."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:
        return "()"
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in parameters if one.name != "self"]
    return str(inspect.Signature(plain))


def _methods(cls: type) -> list[tuple[str, Any]]:
    """What a class defines and says something of. A Tensor has every function of the table besides."""
    own = {name: thing for name, thing in vars(cls).items() if not name.startswith("_") and name not in TABLE}
    own = {name: thing for name, thing in own.items() if name not in METHODS or not name.endswith("_")}
    return [(name, thing) for name, thing in own.items() if inspect.getdoc(thing) and _is_method(thing)]


def _is_method(thing: Any) -> bool:
    return inspect.isfunction(thing) or isinstance(thing, (property, classmethod, staticmethod))


def _method(name: str, thing: Any) -> str:
    doc = as_markdown(inspect.getdoc(thing) or "")
    if isinstance(thing, property):
        return f"{INNER_FENCE}{{py:property}} {name}\n\n{doc}\n{INNER_FENCE}"
    function = thing if inspect.isfunction(thing) else thing.__func__
    return f"{INNER_FENCE}{{py:method}} {name}{_signature(function)}\n\n{doc}\n{INNER_FENCE}"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("api", Api)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
