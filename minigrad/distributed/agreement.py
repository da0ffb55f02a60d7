"""Whether the ranks do the same: before each thing that they do together they tell each other what it is.

MPI does not look. Ranks that add up tensors of two shapes get nonsense, and one that waits for a rank that is already
at the end of its program waits for ever. So a line of text goes round first, such as `all_reduce(SUM) of float32 of
shape (3, 4)`, and where the lines differ all ranks get an error that shows them. To leave is a thing that the ranks do
together, too: so whoever still waits for one that leaves is told.
"""

from __future__ import annotations

import time
from typing import Any

LENGTH = 128  # bytes of a line
MOMENT, NAP = 1e-3, 1e-4  # seconds


class Agreement:
    """That of the ranks of a communicator of MPI, which nobody else may use."""

    def __init__(self, comm: Any) -> None:
        self.comm = comm
        self.broken = ""  # how the ranks parted; from then on they can do nothing together


class Announcement:
    """What this rank is about to do is on its way to the others; `check()` waits for what they are."""

    def __init__(self, agreement: Agreement, what: str) -> None:
        if agreement.broken:
            raise RuntimeError(agreement.broken)
        ranks, own = agreement.comm.Get_size(), what.encode()[:LENGTH].ljust(LENGTH)
        self._agreement, self._lines, self._wanted = agreement, bytearray(ranks * LENGTH), ranks * own
        self._request = agreement.comm.Iallgather(own, self._lines)

    def check(self) -> None:
        """Return when all ranks are about to do this. RuntimeError, on all alike, where one does something else."""
        wait(self._request)
        if self._lines != self._wanted:
            self._agreement.broken = _difference(self._lines)
            raise RuntimeError(self._agreement.broken)

    def has_come(self) -> bool:
        """Whether `check()` would return, or raise, at once."""
        return bool(self._request.Test())


def wait(request: Any) -> None:
    """Return when what was asked of MPI is done.

    MPI's own way to wait asks again and again, and keeps a core busy. Where there are more processes than cores, or
    where rank 0 works alone for a while, that core is needed elsewhere: so here a rank that has waited for a moment
    sleeps between two questions.
    """
    start = time.perf_counter()
    while not request.Test():
        if time.perf_counter() - start > MOMENT:
            time.sleep(NAP)


def _difference(lines: bytearray) -> str:
    """Which ranks came to what."""
    ranks: dict[str, list[str]] = {}
    for rank, start in enumerate(range(0, len(lines), LENGTH)):
        what = lines[start : start + LENGTH].decode(errors="replace").rstrip()
        ranks.setdefault(what, []).append(str(rank))
    came = "; ".join(f"rank{'s' * (len(own) > 1)} {', '.join(own)} came to {what}" for what, own in ranks.items())
    return (
        f"The ranks do not do the same: {came}. What ranks do together all must do, in the same order and equally "
        "often, with tensors of one shape and dtype. (A rank with fewer batches waits in `with model.join():`.)"
    )
