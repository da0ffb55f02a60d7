"""Somebody who notices that a rank will never come to `init_process_group()`.

Who comes there waits for the others inside of MPI, where Python hears nothing. mpiexec ends the job if a rank is
killed, but not if one ends by itself before it comes: by `sys.exit()`, or because it lacks a package. So beside each
rank that waits a small process looks whether the others are still there, and if not, ends the wait.

(For MPICH, on Linux, where all ranks run on one machine. Elsewhere nobody looks; Open MPI ends such a job by itself.)
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FIRST, NEXT = 2.0, 0.5  # seconds until somebody looks: mpiexec takes a while to start all ranks
MEANWHILE = 0.25  # that mpiexec has to end a job, and to read what was printed


@contextmanager
def absentees_noticed() -> Iterator[None]:
    """Wait in here for the other ranks. If one is gone, its number is printed, and the job ends."""
    has_begun = "mpi4py.MPI" in sys.modules  # with which all have come together already
    on_one_machine = 1 < _number("PMI_SIZE") == _number("MPI_LOCALNRANKS")
    launcher = _launcher() if on_one_machine and not has_begun else None
    if launcher is None:
        yield
        return
    import subprocess

    command = [sys.executable, "-I", "-S", __file__, str(launcher), str(os.getpid())]
    # In a session of its own, where it does not hear Ctrl-C. It ends when its input does.
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield


def _launcher() -> int | None:
    """The process of mpiexec that started the ranks of this machine; who started us may be a shell in between."""
    process = os.getppid()
    with suppress(OSError):  # there is no /proc, or it is hidden
        while process:
            name, _, rest = Path(f"/proc/{process}/stat").read_text().rpartition(") ")
            if name.endswith("(hydra_pmi_proxy"):
                return process
            process = int(rest.split()[1])
    return None


def _number(variable: str) -> int:
    return int(os.environ.get(variable, 1))


def watch(launcher: int, waiting: int) -> None:
    """Look whether the launcher has lost a rank, until the process `waiting`, which started this one, waits no more."""
    rank, count, patience = _number("PMI_RANK"), _number("PMI_SIZE"), FIRST
    while not _is_over(patience):
        patience = NEXT
        processes = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
        there = {rank}.union(*map(_rank, processes))
        if len(processes) < count and rank == min(there):
            if _is_over(MEANWHILE):  # another one has noticed, and mpiexec ends us, too
                return
            for gone in sorted({*range(count)} - there):
                print(f"rank {gone} of {count}: ended before it came to init_process_group().", file=sys.stderr)
            sys.stderr.flush()
            time.sleep(MEANWHILE)
            if os.getppid() == waiting:
                os.kill(waiting, signal.SIGKILL)  # so that mpiexec ends the others


def _is_over(patience: float) -> bool:
    """Wait so many seconds, or until our input ends: then all have come, or the one that waits for them has ended."""
    return bool(select.select([sys.stdin], [], [], patience)[0])


def _rank(process: str) -> set[int]:
    """Which rank it was started as."""
    with suppress(OSError):  # it has just ended
        for variable in Path(f"/proc/{process}/environ").read_bytes().split(b"\0"):
            if variable.startswith(b"PMI_RANK="):
                return {int(variable.partition(b"=")[2])}
    return set()


if __name__ == "__main__":
    with suppress(OSError):  # mpiexec has ended all meanwhile
        watch(int(sys.argv[1]), int(sys.argv[2]))
