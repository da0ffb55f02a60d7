"""`save` and `load`: tensors in a safetensors file, which PyTorch's users can read too. Never pickle.

Source of the format: https://github.com/huggingface/safetensors

What only saving and loading need is imported there, so that `import minigrad` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.backend import CPU, Device, is_array, to_device, to_host
from minigrad.backend import device as read_device
from minigrad.kinds import checked
from minigrad.nesting import put_together, take_apart
from minigrad.tensor import Tensor, as_array
from minigrad.whole_file import whole_file

NESTING = "minigrad checkpoint"  # the metadata that say how a file's tensors are nested; without, they are named


@checked
def save(state: Any, path: str | os.PathLike, metadata: Mapping[str, str] | None = None) -> None:
    """Write `state` to `path`; the file appears whole or not at all.

    state: named Tensors or arrays, such as a `state_dict()`, which any program that reads safetensors can read. Or
        tensors, numbers, text and None in dicts, lists and tuples, such as {"net": net.state_dict(), "epoch": 3}.
    metadata: text to be kept beside it.

    The same state and metadata give the same file, byte by byte. TypeError for what cannot be held exactly.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save as to_bytes

    metadata = dict(metadata or {})
    if not all(isinstance(text, str) for pair in metadata.items() for text in pair):
        raise TypeError("save: all metadata must be text (str).")
    if NESTING in metadata:
        raise ValueError(f"save: {NESTING!r} is the library's own entry in the metadata; call this one something else.")
    if _is_named_tensors(state):
        arrays = {name: as_array(value) for name, value in state.items()}
    else:
        try:
            arrays, metadata[NESTING] = take_apart(state)
        except TypeError as error:
            raise TypeError(f"save: {error}. A network is saved as net.state_dict().") from None
    # Not ascontiguousarray, which turns a 0-d array into one of length 1.
    arrays = {name: np.asarray(to_host(array), order="C") for name, array in arrays.items()}
    try:
        content = to_bytes(arrays, metadata or None)
    except SafetensorError as error:
        raise TypeError(f"save: safetensors cannot hold this ({error}).") from None
    with whole_file(path) as file:
        # Written by us, since safetensors' own save_file makes files that only their owner can read.
        file.write_bytes(_in_order(content))


def _is_named_tensors(state: Any) -> bool:
    """Whether it is a dict of tensors, by names that a safetensors file can have: not `__metadata__`, its own."""
    return isinstance(state, Mapping) and all(
        isinstance(name, str) and name != "__metadata__" and (isinstance(value, Tensor) or is_array(value))
        for name, value in state.items()
    )


def _in_order(file: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors puts them down in an order that changes from run to run.

    A file is the length of its header (8 bytes), the header (JSON, padded to a multiple of 8), and the numbers.
    """
    import json

    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[start:]


@checked
def load(path: str | os.PathLike, map_location: str | Device | None = None, *, weights_only: bool = True) -> Any:
    """What was saved, with its Tensors on the CPU or on the device `map_location`; of any safetensors file its tensors.

    weights_only is PyTorch's and makes no difference here: nothing but numbers and text is ever read.
    """
    device = CPU if map_location is None else read_device(map_location)
    arrays, metadata = _open(path)
    tensors = {name: Tensor(to_device(array, device)) for name, array in arrays.items()}
    if NESTING not in metadata:
        return tensors
    try:
        return put_together(metadata[NESTING], tensors.__getitem__)
    except ValueError as error:
        raise ValueError(f"load: {str(path)!r} does not say how its tensors are nested ({error}).") from None


@checked
def load_metadata(path: str | os.PathLike) -> dict[str, str]:
    """The text that was saved beside the tensors."""
    return {name: text for name, text in _open(path)[1].items() if name != NESTING}


def _open(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not os.path.isfile(path):
        raise FileNotFoundError(f"load: there is no file {str(path)!r}.")
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(
            f"load: {str(path)!r} is not a whole safetensors file ({error}). Pickles, such as PyTorch's .pt files, are "
            "never read, since they can run code: save them again with safetensors."
        ) from None
    except TypeError as error:
        raise ValueError(f"load: {str(path)!r} holds numbers of a type that NumPy does not have ({error}).") from None
