"""All that is looked for, in the order in which it is reported."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from minigrad.doctor.gpu import gpu
from minigrad.doctor.processes import mpi
from minigrad.doctor.report import Finding, Report
from minigrad.doctor.software import (
    APPLICATION,
    HYPOTHESIS,
    NEEDED,
    browser,
    dot,
    numpy_and_threads,
    opencv,
    package,
    python,
    torch,
)

TIME_LIMIT = 10.0  # seconds for each; a package that is read from a disk far away may need some of them
AT_ONCE = 6  # processes, most of which wait

Check = Callable[[float], list[Finding]]

GROUPS: dict[str, list[Check]] = {
    "What minigrad needs": [python, numpy_and_threads, *map(package, NEEDED)],
    "Pictures of graphs": [dot],
    "A GPU": [gpu],
    "Many processes": [mpi],
    "The application, gaze": [opencv, *map(package, APPLICATION)],
    "Checks and tests": [package(HYPOTHESIS), torch, browser],
}


def examine(*, time_limit: float = TIME_LIMIT) -> Report:
    """Look for all that minigrad can use. time_limit: seconds for each package and program to answer."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [(group, pool.submit(check, time_limit)) for group, checks in GROUPS.items() for check in checks]
        return Report(tuple(replace(one, group=group) for group, some in waiting for one in some.result()))
