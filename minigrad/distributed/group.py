"""The process group: who takes part, and that no rank is left waiting for one that is gone.

In MPI a rank that waits for another waits for ever. So an exception that nobody catches ends the whole job: a hook
prints it, with the rank, and tells MPI to end the others. A rank that the system kills ends the job, too: mpiexec sees
to that, and a watcher tells which it was.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import socket
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

from minigrad.distributed.watcher import line_to_watcher, say_goodbye
from minigrad.threads import get_num_threads, set_num_threads

INSTALL = "install it with pip install 'minigrad[mpi]'"
READING = 0.25  # seconds that mpiexec has to read a rank's last words: after an abort it reads no more


class _Group:
    comm: Any = None  # MPI's communicator, once there is a group
    local_rank = 0  # among the ranks on this machine
    line: socket.socket | None = None  # to the watcher, if there is one
    hook: Callable[..., Any] = sys.excepthook  # which prints exceptions that nobody catches


_group = _Group()


def is_available() -> bool:
    """Whether mpi4py, which talks to MPI, is installed."""
    return importlib.util.find_spec("mpi4py") is not None


def init_process_group(backend: str = "mpi") -> None:
    """Join the processes that mpiexec started; without mpiexec, be the only one.

    The ranks on one machine share its cores: each is given an equal part of the threads, unless OMP_NUM_THREADS says
    how many. From now on an exception that nobody catches ends the job, on all ranks.
    """
    if backend != "mpi":
        raise ValueError(f"init_process_group: the backend is 'mpi', got {backend!r}. (GPUs use NCCL by themselves.)")
    if is_initialized():
        raise RuntimeError("init_process_group: there is a process group already; destroy_process_group() ends it.")
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(f"init_process_group: mpi4py is missing; {INSTALL}.", name="mpi4py") from error
    except RuntimeError as error:  # mpi4py found no MPI that it could load
        raise RuntimeError(f"init_process_group: MPI cannot be loaded ({error}); {INSTALL}.") from None
    _group.comm = MPI.COMM_WORLD
    _group.hook, sys.excepthook = sys.excepthook, _end_all
    neighbourhood = _group.comm.Split_type(MPI.COMM_TYPE_SHARED)
    neighbours, _group.local_rank = neighbourhood.Get_size(), neighbourhood.Get_rank()
    if neighbours > 1 and "OMP_NUM_THREADS" not in os.environ:
        set_num_threads(max(1, get_num_threads() // neighbours))
    if 1 < neighbours == get_world_size():
        _group.line = line_to_watcher(_group.comm)
        atexit.register(_leave_watcher)


def is_initialized() -> bool:
    """Whether this process has joined a process group."""
    return _group.comm is not None


def destroy_process_group() -> None:
    """Leave the process group. MPI itself ends with the program."""
    communicator("destroy_process_group")
    _leave_watcher()
    _group.comm = None
    sys.excepthook = _group.hook


def get_rank() -> int:
    """This process's number in the group, from 0 on."""
    return communicator("get_rank").Get_rank()


def get_node_local_rank() -> int:
    """This process's number among those of the group that run on the same machine."""
    communicator("get_node_local_rank")
    return _group.local_rank


def get_world_size() -> int:
    """How many processes the group has."""
    return communicator("get_world_size").Get_size()


def abort(message: str, code: int = 1) -> NoReturn:
    """End the processes of all ranks at once, after `message` with this rank's number. Does not return."""
    comm = communicator("abort")
    print(f"rank {comm.Get_rank()} of {comm.Get_size()}: {message}", file=sys.stderr, flush=True)
    _leave_watcher()
    time.sleep(READING)
    comm.Abort(code)
    os._exit(code)  # MPI ends the others, and may leave that to us


def communicator(name: str) -> Any:
    """mpi4py's communicator of the group, for the function `name`, which needs one."""
    if _group.comm is None:
        raise ValueError(f"{name}: there is no process group yet; call distributed.init_process_group() first.")
    return _group.comm


def _leave_watcher() -> None:
    """This rank ends, or goes on alone, in its own way."""
    if _group.line is not None:
        say_goodbye(_group.line)
        _group.line = None


def _end_all(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The hook for exceptions that nobody catches."""
    _group.hook(kind, error, trace)
    if is_initialized() and get_world_size() > 1:
        if sys.stdout is not None:
            sys.stdout.flush()
        abort(f"{kind.__name__}: {error}" if str(error) else kind.__name__)
