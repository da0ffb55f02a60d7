"""Running something on several ranks: `on_ranks(3, "name")` is what `programs.name` returned on each of three."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad.distributed import is_available

ROOT = Path(__file__).parents[3]
MPIEXEC = Path(sys.executable).with_name("mpiexec")
needs_mpi = pytest.mark.skipif(not (MPIEXEC.exists() and is_available()), reason="needs the extra mpi")


def start(count, *words):
    """`python *words` on so many ranks, one thread each."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [str(MPIEXEC), "-n", str(count), sys.executable, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def ended(process, seconds=60):
    """The exit code of what `start` started, and what it printed on each of the two streams."""
    try:
        out, errors = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return process.returncode, out, errors


def run(count, name, *words, module="programs", seconds=60):
    return ended(start(count, "-m", f"tests.minigrad.distributed.{module}", name, *words), seconds)


def on_ranks(count, name, *words, module="programs"):
    code, out, errors = run(count, name, *words, module=module)
    assert (code, errors) == (0, "")
    return json.loads(out)
