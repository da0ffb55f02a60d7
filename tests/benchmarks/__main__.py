"""`python -m tests.benchmarks`: one training step of the assignment's fully-connected nets, a chain of scalar ops, and
the import, each against PyTorch (or bare NumPy) in one interleaved run. Prints a table; asserts nothing."""

from __future__ import annotations

import itertools
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

import numpy as np

import minigrad as mg
from tests.benchmarks.interleaved import Comparison, compare, table

BATCH, HEIGHT, WIDTH, CLASSES = 256, 36, 120, 4


def main() -> int:
    try:
        import torch
    except ImportError:
        print("The benchmarks compare with PyTorch, which is not installed: pip install torch==2.13.0", file=sys.stderr)
        return 2
    threads = torch.get_num_threads()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, {threads} threads")
    print(f"Training step: batch {BATCH} of {HEIGHT} x {WIDTH} float32, forward + backward + momentum step.\n")
    comparisons = [
        *[training_step(torch, widths) for widths in ([128], [100, 100, 100])],
        *[scalar_chain(torch, name, step) for name, step in CHAINS.items()],
    ]
    print(table(comparisons))
    with tempfile.TemporaryDirectory() as kept:
        compiled = import_time({"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": kept})
        compiling = import_time({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.path.join(kept, "nothing")})
    print(f"\nimport minigrad, beyond import numpy: {compiled:.0f} ms (promised <= 60 ms)")
    print(f"where Python may not keep compiled files, and compiles at each import: {compiling:.0f} ms")
    return 0


def training_step(torch, hidden: list[int]) -> Comparison:
    """A step of the network 4320-hidden-4, from the same weights on the same batch."""
    sizes = [HEIGHT * WIDTH, *hidden, CLASSES]
    rng = np.random.default_rng(0)
    images = rng.random((BATCH, HEIGHT, WIDTH), dtype=np.float32)
    labels = rng.integers(CLASSES, size=BATCH)

    def step_of(lib) -> Callable[[], None]:
        nn = lib.nn
        layers = [nn.Flatten()]
        for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
            layers += [nn.Linear(n_in, n_out)] + ([nn.ReLU()] if i < len(hidden) else [])
        net = nn.Sequential(*layers)
        optimizer = lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        criterion = nn.CrossEntropyLoss()
        x, y = lib.from_numpy(images), lib.from_numpy(labels)

        def step() -> None:
            optimizer.zero_grad()
            criterion(net(x), y).backward()
            optimizer.step()

        return step

    return compare("-".join(map(str, sizes)), step_of(mg), step_of(torch), 0.95, rounds=60)


CHAINS: dict[str, Callable] = {
    "scalar chain, mul add sin sub": lambda lib, y, x: lib.sin(y * 1.01 + x) - 0.1,
    "scalar chain, mul add tanh mul": lambda lib, y, x: lib.tanh(y * x + x) * 0.5,
}


def scalar_chain(torch, name: str, step: Callable, length: int = 400) -> Comparison:
    """Forward and backward through a chain of 0-d tensors, four ops a step: time per op."""

    def chain_of(lib) -> Callable[[], None]:
        x = lib.tensor(0.5, requires_grad=True)

        def chain() -> None:
            y = x
            for _ in range(length // 4):
                y = step(lib, y, x)
            y.backward()

        return chain

    return compare(name, chain_of(mg), chain_of(torch), 0.75, rounds=40, per_run=length, unit="µs")


def import_time(environment: dict[str, str], rounds: int = 15) -> float:
    """Median milliseconds that `import minigrad` adds to `import numpy`, each in a fresh interpreter."""
    code = "import numpy, time; t = time.perf_counter(); import minigrad; print(time.perf_counter() - t)"
    command, environment = [sys.executable, "-c", code], {**os.environ, **environment}
    runs = [subprocess.run(command, capture_output=True, text=True, env=environment) for _ in range(rounds)]
    return statistics.median(float(run.stdout) for run in runs) * 1e3


if __name__ == "__main__":
    sys.exit(main())
