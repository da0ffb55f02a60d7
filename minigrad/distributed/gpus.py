"""Ranks that have a GPU each. Their GPUs talk to each other, by NCCL, where CuPy has it.

NCCL is called like all that a GPU does: it is only noted what is to be done, and what is noted later comes later. So
nobody waits, and no tensor passes through ordinary memory.
"""

from __future__ import annotations

import functools
import platform
from typing import Any

from minigrad import cuda
from minigrad.backend import Array, Device, cupy_with_a_gpu
from minigrad.distributed.agreement import Done
from minigrad.distributed.group import communicator, get_node_local_rank


def own_gpu() -> Device:
    """The GPU of this rank, from now on the current one: the ranks on one machine take its GPUs in turn."""
    count = cupy_with_a_gpu("own_gpu").cuda.runtime.getDeviceCount()
    gpu = Device("cuda", get_node_local_rank() % count)
    cuda.set_device(gpu)
    return gpu


@functools.cache
def nccl() -> Nccl | None:
    """Who carries the tensors of GPUs, or None if a rank lacks NCCL or shares its GPU. All ranks first ask together."""
    import cupy
    from cupy.cuda import nccl

    comm = communicator("nccl")
    ranks = comm.allgather((nccl.available, platform.node(), cupy.cuda.Device().pci_bus_id))
    return Nccl(comm) if all(there for there, *_ in ranks) and len(set(ranks)) == len(ranks) else None


class Nccl:
    """Carries the elements of GPUs' arrays from rank to rank."""

    def __init__(self, comm: Any) -> None:
        from cupyx.distributed import NCCLBackend

        self._backend = NCCLBackend(comm.Get_size(), comm.Get_rank(), use_mpi=True)

    def reachable(self, array: Array) -> Array:
        return array if array.flags.c_contiguous else array.copy()

    def all_reduce(self, array: Array, op: str) -> Done:
        self._backend.all_reduce(array, array, op.lower())
        return Done()

    def broadcast(self, array: Array, src: int) -> Done:
        self._backend.broadcast(array.reshape(-1).view("uint8"), src)  # as bytes, for NCCL knows no bool
        return Done()
