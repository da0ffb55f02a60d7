"""`python -m tests.benchmarks`: a training step of the assignment's nets, a chain of scalar ops, peak memory, and the
import, each against PyTorch (or bare NumPy) in one interleaved run; then one rank against two; and where there is a
GPU, `gpu`'s steps on it. Prints tables; asserts nothing."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

import numpy as np

import minigrad as mg
from tests.benchmarks import data_parallel, gpu, nets
from tests.benchmarks.interleaved import Comparison, compare, table


def main() -> int:
    try:
        import torch
    except ImportError:
        print("The benchmarks compare with PyTorch, which is not installed: pip install torch==2.13.0", file=sys.stderr)
        return 2
    threads = f"{mg.get_num_threads()} and {torch.get_num_threads()} threads"
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, {threads}")
    print(f"Training step: batch {nets.BATCH} of {nets.HEIGHT} x {nets.WIDTH} float32, forward, backward, momentum.\n")
    comparisons = [
        *fully_connected(torch, "4320-128-4"),
        *fully_connected(torch, "4320-100-100-100-4"),
        *cnns(torch, "cnn"),
        *cnns(torch, "cnn-bn"),
    ]
    for name, step in CHAINS.items():
        comparisons += scalar_chain(torch, name, step)
    print(table(comparisons))
    print("\nPeak memory of a process that trains        minigrad      PyTorch, its default layout and channels_last")
    for name, kind in (("cnn", "plain"), ("cnn-bn", "batch-norm")):
        ours, default, other = (peak_memory(*who) for who in
                                (("minigrad", kind), ("torch", kind), ("torch", kind, "channels_last")))  # fmt: skip
        print(f"{name:40s} {ours:8.0f} MB {default:8.0f} MB {other:8.0f} MB")
    with tempfile.TemporaryDirectory() as kept:
        compiled = import_time({"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": kept})
        compiling = import_time({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.path.join(kept, "nothing")})
    print(f"\nimport minigrad, beyond import numpy: {compiled:.0f} ms (promised <= 60 ms)")
    print(f"where Python may not keep compiled files, and compiles at each import: {compiling:.0f} ms\n")
    if data_parallel.can_run():
        data_parallel.print_tables()
    else:
        print(f"Left out: {data_parallel.MISSING}")
    if mg.cuda.is_available():
        return gpu.main([])
    print("\nOn a GPU: left out, since CuPy sees none here.")
    return 0


def cnns(torch, name: str) -> list[Comparison]:
    """A step of the assignment's CNN, against PyTorch in both of its memory layouts."""
    make, image = nets.NETS[name]
    theirs = {
        layout: nets.training_step(torch, make(torch), image, layout == "channels_last")
        for layout in ("NCHW", "channels_last")
    }
    return compare(name, nets.training_step(mg, make(mg), image), theirs, 1.0, rounds=30)


def fully_connected(torch, name: str) -> list[Comparison]:
    """A step of a fully-connected network."""
    make, image = nets.NETS[name]
    ours, theirs = (nets.training_step(lib, make(lib), image) for lib in (mg, torch))
    return compare(name, ours, {"": theirs}, 0.95, rounds=60)


CHAINS: dict[str, Callable] = {
    "scalar chain, mul add sin sub": lambda lib, y, x: lib.sin(y * 1.01 + x) - 0.1,
    "scalar chain, mul add tanh mul": lambda lib, y, x: lib.tanh(y * x + x) * 0.5,
}


def scalar_chain(torch, name: str, step: Callable, length: int = 400) -> list[Comparison]:
    """Forward and backward through a chain of 0-d tensors, four ops a step: time per op."""

    def chain_of(lib) -> Callable[[], None]:
        x = lib.tensor(0.5, requires_grad=True)

        def chain() -> None:
            y = x
            for _ in range(length // 4):
                y = step(lib, y, x)
            y.backward()

        return chain

    return compare(name, chain_of(mg), {"": chain_of(torch)}, 0.75, rounds=40, per_run=length, unit="µs")


def peak_memory(*arguments: str) -> float:
    """MB that a fresh process held at most, which trains a CNN for some steps."""
    command = [sys.executable, "-m", "tests.benchmarks.nets", *arguments]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def import_time(environment: dict[str, str], rounds: int = 15) -> float:
    """Median milliseconds that `import minigrad` adds to `import numpy`, each in a fresh interpreter."""
    code = "import numpy, time; t = time.perf_counter(); import minigrad; print(time.perf_counter() - t)"
    command, environment = [sys.executable, "-c", code], {**os.environ, **environment}
    runs = [subprocess.run(command, capture_output=True, text=True, env=environment) for _ in range(rounds)]
    return statistics.median(float(run.stdout) for run in runs) * 1e3


if __name__ == "__main__":
    sys.exit(main())
