"""A training's state on the disk: nested dicts and lists of tensors and plain values, in one safetensors file.

The file appears whole or not at all, holds every number exactly, and is read without running any code: tensors are the
file's tensors, and the rest is one JSON text in its metadata that says where each of them belongs.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from minigrad.backend import is_array
from minigrad.serialization import load, load_metadata, save
from minigrad.tensor import Tensor, as_array

KEY, FORMAT = "minigrad checkpoint", 1  # raise the number when a checkpoint would mean something else


def save_checkpoint(path: str | os.PathLike, state: dict[str, Any]) -> None:
    """Write `state` to `path`: tensors, arrays, numbers, text, None, and lists, tuples and dicts of such."""
    arrays: dict[str, Any] = {}
    text = json.dumps({"format": FORMAT, "state": _to_json(state, "state", arrays)})
    save(arrays, path, {KEY: text})


def load_checkpoint(path: str | os.PathLike) -> dict[str, Any]:
    """The state that `save_checkpoint` wrote. Raises ValueError, naming the file, for any other file."""
    arrays, about = load(path), load_metadata(path)
    if KEY not in about:
        raise ValueError(f"{path} is a safetensors file, but no checkpoint of a training.")
    try:
        content = json.loads(about[KEY])
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, this program reads {FORMAT}")
        return _from_json(content["state"], arrays)
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{path} is not a checkpoint that can be read ({error}). Begin the training anew.") from None


def _to_json(value: Any, name: str, arrays: dict[str, Any]) -> Any:
    """`value` as JSON can hold it; its tensors go to `arrays`, under names that say where they come from."""
    if isinstance(value, Tensor) or is_array(value):
        arrays[name] = as_array(value)
        return {"tensor": name}
    if isinstance(value, dict):  # as pairs, since a key may be a number
        return {"dict": [[key, _to_json(entry, f"{name}.{key}", arrays)] for key, entry in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_to_json(entry, f"{name}.{i}", arrays) for i, entry in enumerate(value)]}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"A checkpoint holds tensors, numbers, text, lists and dicts; {name} is a {type(value).__name__}.")


def _from_json(value: Any, arrays: dict[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return arrays[content]
    if kind == "dict":
        return {key: _from_json(entry, arrays) for key, entry in content}
    if kind in ("list", "tuple"):
        entries = [_from_json(entry, arrays) for entry in content]
        return tuple(entries) if kind == "tuple" else entries
    raise ValueError(f"it has a {kind!r}")
