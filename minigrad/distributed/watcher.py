"""Somebody who is left to say which rank was killed.

The system kills a process without a word, for instance when memory runs out. mpiexec ends the others at once, and names
a process, not a rank, and sometimes the wrong one. So where all ranks run on one machine, a small process watches them.
Each rank holds a line to it. A rank that leaves by itself says so; if instead a line just ends, its rank was killed.

Only the first line that speaks or ends counts: the ranks that mpiexec ends follow later. For mpiexec learns of a death
in two ways. The system tells it, after all that the rank held is closed, its line to the watcher, too. Or mpiexec's own
line to the rank ends, which may be sooner; so the watcher holds that one open until it has spoken. (That is MPICH's, on
Linux. With Open MPI's the first is whichever the system closes first. Elsewhere nobody watches.)
"""

from __future__ import annotations

import os
import select
import socket
import sys
from typing import Any

PATIENCE = 10  # seconds for all ranks to call


def line_to_watcher(comm: Any) -> socket.socket | None:
    """Start a watcher for the ranks of `comm`, which must all call this. None if that cannot be."""
    address = None
    if comm.Get_rank() == 0 and hasattr(select, "epoll"):
        import subprocess

        with socket.socket(socket.AF_UNIX) as door:
            door.bind("")  # a name of the system's choice, without a file
            door.listen(comm.Get_size())
            address = door.getsockname()
            command = [sys.executable, "-I", "-S", __file__, str(comm.Get_size())]
            # In a session of its own, for mpiexec ends all that is in the rank's.
            subprocess.Popen(command, stdin=door.fileno(), start_new_session=True)
    address = comm.bcast(address)
    if address is None:
        return None
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(address)
        text = f"rank {comm.Get_rank()} of {comm.Get_size()}: killed (process {os.getpid()})."
        from_mpiexec = [int(os.environ["PMI_FD"])] if "PMI_FD" in os.environ else []
        socket.send_fds(line, [text.encode()], from_mpiexec)
        line.recv(1)  # all lines are watched
    except OSError:  # the watcher has given up
        pass
    return line


def say_goodbye(line: socket.socket) -> None:
    """This rank leaves by itself, whatever becomes of the others."""
    try:
        line.sendall(b".")
    except OSError:  # nobody watches any more
        pass
    line.close()


def watch(door: socket.socket, count: int) -> None:
    """Wait for the first of `count` ranks to leave. If it does so without a word, print what it told at the start.

    What each of them sent along, its line from mpiexec, stays open until this process ends.
    """
    door.settimeout(PATIENCE)
    lines, told, events = {}, {}, select.epoll()
    for _ in range(count):
        line, _ = door.accept()
        text, *_ = socket.recv_fds(line, 1000, maxfds=1)
        lines[line.fileno()], told[line.fileno()] = line, text.decode()
        events.register(line, select.EPOLLIN)
    for line in lines.values():
        line.sendall(b".")
    ((first, _),) = events.poll(maxevents=1)
    if not lines[first].recv(1):
        print(told[first], file=sys.stderr)


if __name__ == "__main__":
    try:
        watch(socket.socket(fileno=0), int(sys.argv[1]))
    except OSError:  # a rank did not call, or is gone already
        pass
