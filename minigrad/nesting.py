"""Nested dicts and lists of tensors and plain values, taken apart for a file: the tensors, and one JSON text.

So everything comes back exactly, and is read without running any code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.backend import Array, is_array
from minigrad.tensor import Tensor, as_array

FORMAT = 1  # raise it when a text would mean something else


def take_apart(state: Any) -> tuple[dict[str, Array], str]:
    """The arrays in `state`, by names that say where they belong (`state.optimizer.0.step`), and the rest as JSON.

    TypeError for what is no tensor, array, number, text, None, or a list, tuple or dict of such.
    """
    arrays: dict[str, Array] = {}
    return arrays, json.dumps({"format": FORMAT, "state": _to_json(state, "state", arrays)})


def put_together(text: str, tensor: Callable[[str], Tensor]) -> Any:
    """What was taken apart; `tensor(name)` is one of its tensors. ValueError if the text is none of `take_apart`'s."""
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, this program reads {FORMAT}")
        return _from_json(content["state"], tensor)
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from None


def _to_json(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    if isinstance(value, Tensor) or is_array(value):
        while name in arrays:  # {"a": {"b.c": x}, "a.b": {"c": y}}
            name += "'"
        arrays[name] = as_array(value)
        return {"tensor": name}
    if isinstance(value, Mapping):  # as pairs, since a key may be a number
        entries = {_plain(key): entry for key, entry in value.items()}
        for key in entries:
            if not isinstance(key, (str, int, float, type(None))):
                raise TypeError(f"a key must be text, a number or None; one of {name} is a {type(key).__name__}")
        return {"dict": [[key, _to_json(entry, f"{name}.{key}", arrays)] for key, entry in entries.items()]}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_to_json(entry, f"{name}.{i}", arrays) for i, entry in enumerate(value)]}
    value = _plain(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"expected tensors, numbers, text, lists and dicts; {name} is a {type(value).__name__}")


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _from_json(value: Any, tensor: Callable[[str], Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensor(content)
    if kind == "dict":
        return {key: _from_json(entry, tensor) for key, entry in content}
    if kind in ("list", "tuple"):
        entries = [_from_json(entry, tensor) for entry in content]
        return tuple(entries) if kind == "tuple" else entries
    raise ValueError(f"it has a {kind!r}")
