"""What a setting may be, and the one error for what it is not. Both are read from the annotation,

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:

so that nobody has to say it twice: `Linear(3.5, 2)` gives "Linear: in_features must be an int, got 3.5."

Looked at are numbers, bools, text, paths, None, functions, tuples and lists of those, dicts, and whether something is
iterable or has a length. What a tensor, a network or a dataset is, those say who know: `look_at`.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import os
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from itertools import islice
from types import NoneType, UnionType
from typing import Any, SupportsFloat


class KindError(TypeError, ValueError):
    """A setting of the wrong kind. Both a TypeError, and a ValueError, which PyTorch has for some."""


class Checked:
    """A base whose subclasses, those of this library, look at the kinds of their settings when they are made."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__init__" in vars(cls) and cls.__module__.startswith("minigrad."):
            cls.__init__ = checked(cls.__init__)  # type: ignore[method-assign]


def checked(function: Callable) -> Callable:
    """Let a function look at the kinds of its arguments before it does anything else."""

    @functools.wraps(function)
    def looking_first(*args: Any, **settings: Any) -> Any:
        name = name_of(function, args)
        wrong = misfit(name, function, args, settings)
        if wrong is not None:
            raise wrong
        try:
            return function(*args, **settings)
        except TypeError as error:  # an argument is missing, or one too many
            called = f"{function.__qualname__}()"
            if not str(error).startswith(called):
                raise
            raise TypeError(f"{name}(){str(error).removeprefix(called)}") from None

    return looking_first


def look_at(kind: Any, look: Callable[[Any], bool], words: str) -> None:
    """From now on look at arguments of another kind, too: `look` says whether a value is one, `words` what it is."""
    _LOOKS[kind], _WORDS[kind] = look, words


def name_of(function: Callable, args: Sequence[Any]) -> str:
    """What a user calls what was called: a constructor has the name of its class, and so has a layer's forward."""
    of_class = function.__name__ in ("__init__", "forward") and args
    return type(args[0]).__name__ if of_class else function.__name__


def misfit(name: str, function: Callable, args: Sequence[Any], settings: dict[str, Any]) -> KindError | None:
    """The error, told by `name`, of the first argument of a call that is of the wrong kind; None if there is none."""
    positions, kinds, others = _parameters(function)
    if others is None and not settings.keys() <= kinds.keys():
        return None  # a word that the function does not know: Python says so
    for word, value in (*zip(positions, args, strict=False), *settings.items()):
        look, kind = kinds.get(word, others)
        if not look(value):
            return KindError(f"{name}: {word} must be {described(kind)}, got {_shown(value)}.")
    return None


@functools.cache
def _parameters(function: Callable) -> tuple[list[str], dict[str, tuple], Any]:
    """The names of those that may be given by position; how to look at each, and its kind; those of **settings."""
    plain = inspect.unwrap(function)
    hints = typing.get_type_hints(plain)
    positions, kinds, others = [], {}, None
    for name, parameter in inspect.signature(plain).parameters.items():
        kind = hints.get(name, Any)
        look_and_kind = look_of(Any if kind is NoneType else kind), kind
        if parameter.kind is parameter.VAR_KEYWORD:
            others = look_and_kind
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            kinds[name] = look_and_kind
            if parameter.kind is not parameter.KEYWORD_ONLY:
                positions.append(name)
    return positions, kinds, others


@functools.cache
def look_of(kind: Any) -> Callable[[Any], bool]:
    """What says whether a value is of a kind. All are of one that is not looked at.

    An int is what Python takes for an index: NumPy's, or an integer tensor of one element, but no float. A number is
    what has a `float`. A bool may be said by an int or None, too. Of a long list the beginning is looked at,
    and nothing of what has no length: it may be read only once.
    """
    if _is_union(kind):
        looks = [look_of(one) for one in typing.get_args(kind)]
        return lambda value: any(look(value) for look in looks)
    if (each := _member(kind)) is not None:
        look, is_several = look_of(each), _is_tuple if _plain(kind) is tuple else _is_iterable
        return lambda value: is_several(value) and (not hasattr(value, "__len__") or all(map(look, islice(value, 100))))
    return _LOOKS.get(kind) or _LOOKS.get(_plain(kind)) or (lambda value: True)


def described(kind: Any) -> str:
    """A kind in words: `an int or a tuple of ints`."""
    if _is_union(kind):
        *words, last = dict.fromkeys(described(one) for one in typing.get_args(kind))
        return f"{', '.join(words).replace(' or ', ', ')} or {last}" if words else last
    if (each := _member(kind)) is not None:
        several = "a tuple" if typing.get_origin(kind) is tuple else "a list"
        return f"{several}, each {described(each)}" if _is_union(each) else f"{several} of {_plural(described(each))}"
    return _WORDS[kind if kind in _WORDS else _plain(kind)]


def _shown(value: Any) -> str:
    """As Python shows it, if that is short."""
    text = repr(value)
    return text if len(text) <= 60 and "\n" not in text else f"a {type(value).__name__}"


def _plural(words: str) -> str:
    """`ints` of `an int`."""
    return f"{words.partition(' ')[2]}s"


def _is_int(value: Any) -> bool:
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and math.prod(getattr(value, "shape", ())) == 1


def _is_tuple(value: Any) -> bool:
    return isinstance(value, (tuple, list))


def _is_iterable(value: Any) -> bool:
    has_members = isinstance(value, Iterable) or hasattr(value, "__getitem__")
    return has_members and not isinstance(value, str) and getattr(value, "ndim", 1) > 0


def _is_bool(value: Any) -> bool:
    return value is None or (getattr(value, "dtype", None) == "bool" and value.size == 1) or _is_int(value)


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (typing.Union, UnionType)


def _plain(kind: Any) -> Any:
    return typing.get_origin(kind) or kind


def _member(kind: Any) -> Any:
    """What a tuple or list is made of, if that is looked at; else None."""
    parts = typing.get_args(kind)
    is_several = typing.get_origin(kind) in (tuple, Sequence, Iterable)
    return parts[0] if is_several and _is_looked_at(parts[0]) else None


def _is_looked_at(kind: Any) -> bool:
    return all(map(_is_looked_at, typing.get_args(kind))) if _is_union(kind) else _plain(kind) in _LOOKS


_LOOKS: dict[Any, Callable[[Any], bool]] = {
    int: _is_int,
    float: _is_number,
    bool: _is_bool,
    str: lambda value: isinstance(value, str),
    NoneType: lambda value: value is None,
    Callable: callable,
    Sized: lambda value: isinstance(value, Sized),
    Iterable[Any]: _is_iterable,
    Mapping: lambda value: isinstance(value, Mapping),
    os.PathLike: lambda value: isinstance(value, os.PathLike),
    SupportsFloat: _is_number,
}
_WORDS: dict[Any, str] = {
    int: "an int",
    float: "a number",
    bool: "True or False",
    str: "a str",
    NoneType: "None",
    Callable: "a function",
    Sized: "something with a length",
    Iterable[Any]: "something to iterate over",
    Mapping: "a dict",
    os.PathLike: "a path",
    SupportsFloat: "a number",
}
