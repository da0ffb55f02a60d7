"""Several processes that train one network: a process group over MPI, with PyTorch's names.

`mpiexec -n 4 python train.py` starts the same program four times. `init_process_group()` tells each its rank, 0 to 3,
and from then on they can add up tensors (`all_reduce`) and tell each other things (`broadcast`). What the ranks do
together, all of them must call, in the same order: each waits there for the others. If one comes to something else, or
to the end of its program, that is an error on all.
"""

from minigrad.distributed.collectives import (
    ReduceOp,
    Work,
    all_gather_object,
    all_reduce,
    barrier,
    broadcast,
    broadcast_object_list,
)
from minigrad.distributed.comparison import check_equal
from minigrad.distributed.gathering import (
    all_gather,
    all_gather_into_tensor,
    gather,
    gather_object,
    reduce,
    scatter,
)
from minigrad.distributed.gpus import own_gpu
from minigrad.distributed.group import (
    abort,
    destroy_process_group,
    get_node_local_rank,
    get_rank,
    get_world_size,
    init_process_group,
    is_available,
    is_initialized,
    started_as,
)

__all__ = [
    "ReduceOp",
    "Work",
    "abort",
    "all_gather",
    "all_gather_into_tensor",
    "all_gather_object",
    "all_reduce",
    "barrier",
    "broadcast",
    "broadcast_object_list",
    "check_equal",
    "destroy_process_group",
    "gather",
    "gather_object",
    "get_node_local_rank",
    "get_rank",
    "get_world_size",
    "init_process_group",
    "is_available",
    "is_initialized",
    "own_gpu",
    "reduce",
    "scatter",
    "started_as",
]
