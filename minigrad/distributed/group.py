"""The process group: who takes part, and that no rank is left waiting for one that is gone.

In MPI a rank that waits for another waits for ever. So an exception that nobody catches ends the whole job: a hook
prints it, with the rank, and tells MPI to end the others. A rank that the system kills ends the job, too: mpiexec sees
to that, and a watcher tells which it was. And a rank that comes to the end of its program says so, as it says whatever
else it does together with the others (`agreement`): for one that still waits for it, that is an error.
"""

from __future__ import annotations

import atexit
import importlib.util
import io
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from types import TracebackType
from typing import Any, NoReturn

from minigrad.distributed.absentees import absentees_noticed
from minigrad.distributed.agreement import Agreement, Done, Step
from minigrad.distributed.watcher import line_to_watcher, say_goodbye
from minigrad.threads import get_num_threads, set_num_threads

INSTALL = "install it with pip install 'minigrad[mpi]'"
READING = 0.25  # seconds that mpiexec has to read a rank's last words: after an abort it reads no more
# Where a process is told which it is, of how many: by the mpiexec of MPICH, by that of Open MPI, and by torchrun.
STARTED_AS = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("ROLE_RANK", "ROLE_WORLD_SIZE"),
)
BACKENDS = ("mpi", "gloo", "nccl", "cpu:gloo,cuda:nccl")


class _Group:
    agreement: Agreement | None = None  # that of the ranks, once there is a group
    farewell: Step | None = None  # with which this rank has left it
    joined = False
    local_rank = 0  # among the ranks on this machine
    line: socket.socket | None = None  # to the watcher, if there is one
    hook: Callable[..., Any] = sys.excepthook  # which prints exceptions that nobody catches


_group = _Group()


def is_available() -> bool:
    """Whether mpi4py, which talks to MPI, is installed."""
    return importlib.util.find_spec("mpi4py") is not None


def started_as() -> tuple[int, int]:
    """Which process this is, of how many that were started together. No process group is needed to ask."""
    for place, count in STARTED_AS:
        if count in os.environ:
            return int(os.environ.get(place, 0)), int(os.environ[count])
    return 0, 1


def init_process_group(backend: str | None = None, *, world_size: int = -1, rank: int = -1) -> None:
    """Join the processes that mpiexec started; without mpiexec, be the only one.

    The ranks on one machine share its cores: each is given an equal part of the threads, unless OMP_NUM_THREADS says
    how many. From now on an exception that nobody catches ends the job, on all ranks. Call it first in a program: a
    rank that ends before it comes here ends the job only on one machine with Linux, or with Open MPI.

    backend: whatever PyTorch's scripts say, "mpi", "gloo" or "nccl". MPI it is, with NCCL between GPUs (`own_gpu`).
    world_size, rank: what the program takes for granted. RuntimeError if mpiexec has said otherwise.
    """
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"init_process_group: expected backend to be one of {', '.join(BACKENDS)}, got {backend!r}.")
    if is_initialized():
        raise RuntimeError("init_process_group: there is a process group already; destroy_process_group() ends it.")
    try:
        with absentees_noticed():
            from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        if getattr(error, "name", None) == "mpi4py":
            raise ImportError(f"init_process_group: mpi4py is missing; {INSTALL}.", name="mpi4py") from error
        raise RuntimeError(f"init_process_group: MPI cannot be loaded ({error}); {INSTALL}.") from None
    is_first = _group.agreement is None
    _await_farewells()
    comm = MPI.COMM_WORLD.Dup()
    _group.agreement, _group.farewell = Agreement(comm), None
    if is_first:
        _settle(comm, comm.Split_type(MPI.COMM_TYPE_SHARED))
    _check_ranks(comm.Get_size(), comm.Get_rank(), world_size, rank)
    _group.joined = True


def is_initialized() -> bool:
    """Whether this process has joined a process group."""
    return _group.joined


def destroy_process_group() -> None:
    """Leave the process group. The others need not have come so far, but must wait for this rank in nothing else.

    MPI itself ends with the program, and until then an exception that nobody catches ends the job.
    """
    communicator("destroy_process_group")
    assert _group.agreement is not None
    if not _group.agreement.broken:
        _group.farewell = announce("destroy_process_group", " or the end of the program")
    _group.joined = False


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
    communicator("abort")
    _abort(message, code)


def communicator(name: str) -> Any:
    """mpi4py's communicator of the group, for the function `name`, which needs one."""
    return _agreement(name).comm


def announce(name: str, what: str = "", begin: Callable[[], Any] = Done) -> Step:
    """Tell the other ranks that this one has come to the function `name`, and to what in it."""
    return _agreement(name).announce(name + what, begin)


def exchanged(name: str, what: str, exchange: Callable[[Any], Any]) -> Any:
    """What `exchange(comm)` gives once all ranks have come to it. It may wait for the others, and must not fail."""
    comm, given = communicator(name), []

    def begin() -> Done:
        given.append(exchange(comm))
        return Done()

    announce(name, what, begin).wait()
    return given[0]


def _agreement(name: str) -> Agreement:
    if not _group.joined or _group.agreement is None:
        raise ValueError(f"{name}: there is no process group yet; call distributed.init_process_group() first.")
    return _group.agreement


def _settle(comm: Any, neighbours: Any) -> None:
    """What is done once in a process. neighbours: the communicator of those on this machine."""
    count, _group.local_rank = neighbours.Get_size(), neighbours.Get_rank()
    if count > 1 and not os.environ.get("OMP_NUM_THREADS"):
        set_num_threads(max(1, get_num_threads() // count))
    if comm.Get_size() > 1:
        _group.hook, sys.excepthook = sys.excepthook, _end_all
        atexit.register(_end)
    if 1 < count == comm.Get_size():
        _group.line = line_to_watcher(comm)


def _check_ranks(size: int, place: int, world_size: int, rank: int) -> None:
    """Raise if there are not as many ranks as were started, or as the program takes for granted."""
    _, started = started_as()
    if size == 1 < started:
        raise RuntimeError(
            f"init_process_group: {started} processes were started, and mpi4py finds one. Start them with the mpiexec "
            "of mpi4py's own MPI, not with torchrun; `minigrad doctor` says whether yours is that one."
        )
    if world_size not in (-1, size) or rank not in (-1, place):
        raise RuntimeError(
            f"init_process_group: world_size={world_size}, rank={rank} was asked for, and this is rank {place} of "
            f"{size}. `mpiexec -n 4 python train.py` starts 4 ranks; leave both arguments out."
        )


def _await_farewells() -> None:
    """If this rank has left a group, wait until all have. One that waits for this rank elsewhere now learns of it."""
    if _group.farewell is not None:
        with suppress(RuntimeError):  # who still waited for this one says so
            _group.farewell.wait()


def _end() -> None:
    """What is done at the end of the program."""
    try:
        if is_initialized():
            destroy_process_group()
        _await_farewells()
    finally:  # Ctrl-C, too, is no kill
        _leave_watcher()


def _leave_watcher() -> None:
    """This rank ends in its own way."""
    if _group.line is not None:
        say_goodbye(_group.line)
        _group.line = None


def _end_all(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The hook for exceptions that nobody catches. The job ends, whatever the program made of its hook or stdout."""
    try:
        with redirect_stderr(io.StringIO()) as said:
            _group.hook(kind, error, trace)
        lines = said.getvalue()
    except Exception:
        lines = "".join(traceback.format_exception(kind, error, trace))
    _say(lines)
    if sys.stdout is not None:
        with suppress(OSError, ValueError):  # it is closed
            sys.stdout.flush()
    try:
        message = str(error)
    except Exception:
        message = "it cannot say why"
    _abort(f"{kind.__name__}: {message}" if message else kind.__name__, 1)


def _abort(message: str, code: int) -> NoReturn:
    assert _group.agreement is not None
    comm = _group.agreement.comm
    _say(f"rank {comm.Get_rank()} of {comm.Get_size()}: {message}\n")
    _leave_watcher()
    time.sleep(READING)
    comm.Abort(code)
    os._exit(code)  # MPI ends the others, and may leave that to us


def _say(lines: str) -> None:
    """Print whole lines, all at once: what other ranks print must not come between their parts."""
    print(lines, end="", file=sys.stderr, flush=True)
