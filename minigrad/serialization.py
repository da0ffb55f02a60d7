"""`save` and `load`: named tensors in a safetensors file, which PyTorch's users can read too. Never pickle.

Source of the format: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.backend import to_host
from minigrad.tensor import Tensor, as_array


def save(state: Mapping[str, Any], path: str | os.PathLike, metadata: Mapping[str, str] | None = None) -> None:
    """Write named Tensors or arrays, such as a `state_dict()`, to `path`; the file appears whole or not at all.

    metadata: text to be kept beside them.
    """
    from safetensors.numpy import save_file

    wrong = [name for name, value in state.items() if not isinstance(value, (Tensor, np.ndarray))]
    if wrong:
        raise TypeError(f"save: expected a dict of named Tensors, such as a state_dict(); not a tensor: {wrong}.")
    path = Path(path)
    arrays = {name: np.ascontiguousarray(to_host(as_array(value))) for name, value in state.items()}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        save_file(arrays, unfinished, dict(metadata) if metadata else None)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: str | os.PathLike) -> dict[str, Tensor]:
    """The named Tensors of a safetensors file, on the CPU."""
    return {name: Tensor(array) for name, array in _open(path)[0].items()}


def load_metadata(path: str | os.PathLike) -> dict[str, str]:
    """The text that was saved beside the tensors."""
    return _open(path)[1]


def _open(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"load: there is no file {str(path)!r}.")
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"load: {str(path)!r} is not a whole safetensors file ({error}).") from None
