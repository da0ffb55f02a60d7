"""Whether all ranks have the same: what should be equal by construction, and is checked all the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from minigrad.backend import to_host
from minigrad.distributed.collectives import all_gather_object, described
from minigrad.distributed.group import get_world_size
from minigrad.tensor import Tensor


def check_equal(tensors: Mapping[str, Tensor], shapes_only: bool = False) -> None:
    """Raise RuntimeError, on all ranks alike, if a rank's tensor of some name differs from rank 0's in shape or bits.

    The ranks exchange names, shapes and fingerprints, not the tensors.

    shapes_only: the elements may differ.
    """
    own = {name: _description(tensor, shapes_only) for name, tensor in tensors.items()}
    everyone: list[dict[str, str]] = [{}] * get_world_size()
    all_gather_object(everyone, own)
    first = everyone[0]
    for rank, theirs in enumerate(everyone):
        for name in {**first, **theirs}:
            if first.get(name) != theirs.get(name):
                raise RuntimeError(
                    f"The ranks no longer agree: {name!r} is {theirs.get(name, 'missing')} on rank {rank}, and "
                    f"{first.get(name, 'missing')} on rank 0. All ranks must make the same network, and take "
                    "every step together."
                )


def _description(tensor: Tensor, shape_only: bool) -> str:
    if shape_only:
        return described(tensor)
    array = np.asarray(to_host(tensor.array), order="C")
    return f"{described(tensor)} with fingerprint {hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()}"
