"""Whether the ranks do the same: before each thing that they do together they tell each other what it is.

MPI does not look. Ranks that add up tensors of two shapes get nonsense or crash, and one that waits for a rank that is
already at the end of its program waits for ever. So a line of text goes round first, such as `all_reduce(SUM) of
float32 of shape (3, 4)`, and where the lines differ all ranks get an error that shows them. To leave is a thing that
the ranks do together, too: so whoever still waits for one that leaves is told.

Nobody need wait for the lines: a thing begins when they have come, and somebody looks. Lines and things have a
communicator each, for in each the order must be the same on all ranks. Threads of a rank take turns at both.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

LENGTH = 128  # bytes of a line
MOMENT, NAP = 1e-3, 1e-4  # seconds


class Done:
    """What MPI's requests are when they are done."""

    def Test(self) -> bool:
        return True


class Failed:
    """The request of a thing that could not begin: who waits for it gets the error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def Test(self) -> bool:
        raise self.error


class Agreement:
    """That of the ranks of an MPI communicator, `comm`, which nobody else may use."""

    def __init__(self, comm: Any) -> None:
        self.comm, self.for_lines = comm, comm.Dup()
        self.broken = ""  # how the ranks parted: from then on they can do nothing together
        self._announced: deque[Step] = deque()  # which have not begun
        self._turn = threading.Lock()

    def announce(self, what: str, begin: Callable[[], Any] = Done) -> Step:
        """Tell the others what this rank does next. begin: begins it, and returns MPI's request."""
        with self._turn:
            if self.broken:
                raise RuntimeError(self.broken)
            step = Step(self, what, begin)
            self._announced.append(step)
            return step

    def go_on(self) -> None:
        """Begin what was announced, in order, as far as the others have announced it too. Raises where they differ."""
        with self._turn:
            while not self.broken and self._announced and self._announced[0].has_come():
                self.broken = self._announced[0].difference()
                if not self.broken:
                    self._announced.popleft().begin()
            if self.broken:
                raise RuntimeError(self.broken)


class Step:
    """One thing that the ranks do together."""

    def __init__(self, agreement: Agreement, what: str, begin: Callable[[], Any]) -> None:
        self._agreement, self._how = agreement, begin
        own, ranks = what.encode()[:LENGTH].ljust(LENGTH), agreement.comm.Get_size()
        self._lines, self._wanted = bytearray(ranks * LENGTH), ranks * own
        self._told = agreement.for_lines.Iallgather(own, self._lines)
        self._request: Any = None  # once it has begun

    def has_come(self) -> bool:
        """Whether all have said what they do."""
        return bool(self._told.Test())

    def difference(self) -> str:
        """Who does what, if it is not the same."""
        if self._lines == self._wanted:
            return ""
        ranks: dict[str, list[str]] = {}
        for rank, start in enumerate(range(0, len(self._lines), LENGTH)):
            what = self._lines[start : start + LENGTH].decode(errors="replace").rstrip()
            ranks.setdefault(what, []).append(str(rank))
        came = "; ".join(f"rank{'s' * (len(own) > 1)} {', '.join(own)} came to {what}" for what, own in ranks.items())
        return (
            f"The ranks do not do the same: {came}. What ranks do together all must do, in the same order and equally "
            "often, with tensors of one shape and dtype. (A rank with fewer batches waits in `with model.join():`.)"
        )

    def begin(self) -> None:
        how, self._how = self._how, Done  # what it holds is let go
        try:
            self._request = how()
        except Exception as error:  # it may be somebody else's wait in which it begins
            self._request = Failed(error)

    def is_done(self) -> bool:
        """Whether `wait()` would return at once. Asking moves it on, and what was announced before."""
        if self._request is None:
            self._agreement.go_on()
        return self._request is not None and bool(self._request.Test())

    def wait(self) -> None:
        """Return when it is done. Raises RuntimeError, on all ranks alike, where one does something else.

        MPI's own way to wait asks again and again, and keeps a core busy. Where there are more processes than cores, or
        where rank 0 works alone for a while, that core is needed elsewhere: so here a rank that has waited for a moment
        sleeps between two questions.
        """
        start = time.perf_counter()
        while not self.is_done():
            if time.perf_counter() - start > MOMENT:
                time.sleep(NAP)
