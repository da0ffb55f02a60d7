"""MPI: the package mpi4py, the program mpiexec, and whether the two belong together."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from minigrad.doctor.asking import Unanswered, ask, output, probe
from minigrad.doctor.report import BROKEN, DOUBTFUL, FOUND, MISSING, Finding
from minigrad.doctor.software import Package

MPI4PY = Package("mpi4py", "mpi4py", "mpi4py>=4", "training on many processes", "mpi")


def mpi(time_limit: float) -> list[Finding]:
    """mpi4py and mpiexec. Two processes that count each other belong to one MPI."""
    answer = ask("mpi", MPI4PY.module, MPI4PY.distribution, time_limit=time_limit)
    package = MPI4PY.finding(answer)
    if "broken" in answer:  # mostly: there is no MPI library
        package = replace(package, remedy=MPI4PY.install())
    if "library" in answer:
        package = replace(package, detail=f"Its library is {answer['library']}.")
    return [package, _mpiexec(package, time_limit)]


def _mpiexec(package: Finding, time_limit: float) -> Finding:
    """The first on the PATH. If that is of no use, or there is none, then perhaps the one beside this Python is."""
    command, beside = shutil.which("mpiexec"), shutil.which("mpiexec", path=str(Path(sys.executable).parent))
    one = Finding("mpiexec", "starts the processes", MISSING, remedy=MPI4PY.install())
    if command is not None:
        one = _tried(replace(one, state=FOUND, remedy=""), command, package, time_limit)
    if beside is None or one.state == FOUND or (command is not None and Path(command).samefile(beside)):
        return one
    remedy = f'export PATH="{Path(beside).parent}:$PATH"'
    if command is None:
        detail = f"It is {beside}, which is not on the PATH: activate this Python's environment."
        return replace(one, state=DOUBTFUL, detail=detail, remedy=remedy)
    detail = f"{one.detail.rstrip('.')}. It hides {beside}: activate this Python's environment."
    return replace(one, detail=detail, remedy=remedy)


def _tried(one: Finding, command: str, package: Finding, time_limit: float) -> Finding:
    """What comes of starting two processes."""
    try:
        version = re.search(r"\d+(\.\d+)+\w*", output([command, "--version"], time_limit=time_limit, both=True))
        one = replace(one, version=version[0] if version else "")
        if package.state != FOUND:
            return one
        two = output([command, "-n", "2", *probe("ranks", MPI4PY.module)], time_limit=time_limit)
    except Unanswered as why:
        return replace(one, state=BROKEN, detail=f"{command}: {why}", remedy=MPI4PY.install())
    counts = re.findall(r'"ranks": (\d+)', two)
    if counts != ["2", "2"]:
        detail = (
            f"{command} belongs to another MPI than mpi4py: of two processes each should count two, "
            f"and they count {' and '.join(counts) or 'nothing'}."
        )
        return replace(one, state=BROKEN, detail=detail, remedy='pip install --force-reinstall "minigrad[mpi]"')
    return one
