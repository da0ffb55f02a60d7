"""`save` and `load`: named tensors in a safetensors file, which PyTorch's users can read too. Never pickle.

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
from minigrad.tensor import Tensor, as_array
from minigrad.whole_file import whole_file


def save(state: Mapping[str, Any], path: str | os.PathLike, metadata: Mapping[str, str] | None = None) -> None:
    """Write named Tensors or arrays, such as a `state_dict()`, to `path`; the file appears whole or not at all.

    The same tensors and metadata give the same file, byte by byte.

    metadata: text to be kept beside them.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save as to_bytes

    _check(state, metadata or {})
    # Not ascontiguousarray, which turns a 0-d array into one of length 1.
    arrays = {name: np.asarray(to_host(as_array(value)), order="C") for name, value in state.items()}
    try:
        content = to_bytes(arrays, dict(metadata) if metadata else None)
    except SafetensorError as error:
        raise TypeError(f"save: safetensors cannot hold this ({error}).") from None
    with whole_file(path) as file:
        # Written by us, since safetensors' own save_file makes files that only their owner can read.
        file.write_bytes(_in_order(content))


def _check(state: Any, metadata: Mapping[str, str]) -> None:
    if not isinstance(state, Mapping):
        raise TypeError(
            f"save: expected a dict of named Tensors, such as net.state_dict(), got a {type(state).__name__}."
        )
    wrong = [name for name, value in state.items() if not isinstance(value, Tensor) and not is_array(value)]
    if wrong:
        raise TypeError(
            f"save: expected a dict of named Tensors, such as net.state_dict(); not a tensor: {wrong}. An "
            "optimiser's state and other values are saved by minigrad.training.save_checkpoint(path, state)."
        )
    texts = [*state, *metadata, *metadata.values()]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("save: the names of tensors and all metadata must be text (str).")


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


def load(
    path: str | os.PathLike, map_location: str | Device | None = None, *, weights_only: bool = True
) -> dict[str, Tensor]:
    """The named Tensors of a safetensors file, on the CPU or on the device `map_location`.

    weights_only is PyTorch's and makes no difference here: nothing but numbers is ever read.
    """
    device = CPU if map_location is None else read_device(map_location)
    return {name: Tensor(to_device(array, device)) for name, array in _open(path)[0].items()}


def load_metadata(path: str | os.PathLike) -> dict[str, str]:
    """The text that was saved beside the tensors."""
    return _open(path)[1]


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
