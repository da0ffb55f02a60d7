"""`python -m tests.benchmarks.data_parallel`: what a second rank gains, and what 64 would, by a model.

Every rank has one thread. First, one rank and two, in turn, take steps of the assignment's CNN on the same batch of
256; two also without a word to each other, which shows what the machine gives to two at once. Then what an all-reduce
costs here, and what a step costs on smaller batches. From these and the speed of a network the model tells the time of
a step on n ranks, with a ring all-reduce and no overlap:

    T(n) = compute(256 / n) + (2 (n - 1) + 2 log2(n)) latency + 2 (n - 1) / n * gradient bytes / bandwidth

2 log2(n) latencies are those of the sum of losses and sizes. The machines are alike, nobody else uses them or the
network, and a rank has a core with the memory bandwidth that it has here. Prints tables; asserts nothing.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import distributed
from minigrad.nn.parallel import DistributedDataParallel
from tests.benchmarks import nets

MPIEXEC = Path(sys.executable).with_name("mpiexec")
MISSING = "one and two ranks are compared only with the extra mpi: pip install 'minigrad[mpi]'"
RANKS = (1, 2, 4, 8, 16, 32, 64)
NETWORKS = {"10 Gbit/s, 30 µs": (30e-6, 10e9 / 8), "100 Gbit/s, 2 µs": (2e-6, 100e9 / 8)}
ROUNDS = 5
# With sums that begin early, with one at the end, and with none.
WAYS: dict[str, dict[str, Any]] = {"early": {}, "whole": {"megabytes": 1000.0}, "apart": {"summed": False}}
SAID = {
    "early": " (promised >= 1.6)",
    "whole": ", if the sums begin only when backward is done",
    "apart": ", if nothing is summed: what the machine gives to two at once",
}


def main() -> int:
    if not can_run():
        print(f"Left out: {MISSING}", file=sys.stderr)
        return 2
    print_tables()
    return 0


def can_run() -> bool:
    return distributed.is_available() and MPIEXEC.exists()


def print_tables() -> None:
    runs = [(on_ranks(1, "steps"), on_ranks(2, "steps")) for _ in range(ROUNDS)]  # the machine may be busier later
    one, two = (
        {way: 1e3 * statistics.median(run[way] for run in each) for way in WAYS} for each in zip(*runs, strict=True)
    )
    gain = {way: statistics.median(alone["early"] / both[way] for alone, both in runs) for way in WAYS}
    print(f"CNN, batch {nets.BATCH}, one thread a rank, median of {ROUNDS} runs in turn")
    print(f"one rank   {one['early']:7.1f} ms a step")
    for way, words in SAID.items():
        print(f"two ranks  {two[way]:7.1f} ms a step   {gain[way]:.2f} x{words}")
    print()
    print("All-reduce of two ranks on this machine")
    for size, seconds in on_ranks(2, "sums"):
        print(f"{size:12,d} bytes {1e6 * seconds:10.1f} µs")
    compute = {int(batch): seconds for batch, seconds in on_ranks(1, "sizes").items()}
    gradient = sum(p.nbytes for p in nets.cnn(mg, batch_norm=False).parameters())
    print(f"\nModel: {gradient:,} bytes of gradients")
    print(f"{'':12s}{'':14s}" + "".join(f"{f'{name}':>32s}" for name in NETWORKS))
    print(f"{'ranks':>6s}{'compute':>12s}  " + 2 * f"{'step':>12s}{'256 in all':>12s}{'256 each':>10s}")
    for count in RANKS:
        batch = nets.BATCH // count
        row = f"{count:6d}{1e3 * compute[batch]:9.1f} ms  "
        for latency, bandwidth in NETWORKS.values():
            sums = communication(count, gradient, latency, bandwidth)
            step = compute[batch] + sums
            weak = count * compute[nets.BATCH] / (compute[nets.BATCH] + sums)
            row += f"{1e3 * step:9.1f} ms{compute[nets.BATCH] / step:10.1f} x{weak:8.1f} x"
        print(row)


def communication(count: int, size: int, latency: float, bandwidth: float) -> float:
    """Seconds that `count` ranks need to add up `size` bytes in a ring, and four numbers in a tree."""
    return (2 * (count - 1) + 2 * math.log2(count)) * latency + 2 * (count - 1) / count * size / bandwidth


def on_ranks(count: int, what: str) -> Any:
    """What rank 0 found out, with so many ranks of one thread."""
    command = [str(MPIEXEC), "-n", str(count), sys.executable, "-m", "tests.benchmarks.data_parallel", what]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


# -- on each rank ------------------------------------------------------------------------------------------------------


def steps() -> dict[str, float]:
    """Seconds of a step on the part of a batch, on the slower rank, in each of the `WAYS`."""
    part = nets.BATCH // distributed.get_world_size()
    ways = {name: training_step(part, **settings) for name, settings in WAYS.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(15):
        for name, step in ways.items():
            times[name].append(seconds(step))
    medians = mg.tensor([statistics.median(kept[3:]) for kept in times.values()])
    distributed.all_reduce(medians, distributed.ReduceOp.MAX)
    return dict(zip(ways, medians.tolist(), strict=True))


def sizes() -> dict[int, float]:
    """Seconds of a step on smaller and smaller batches."""
    found = {}
    for count in RANKS:
        step = training_step(nets.BATCH // count)
        found[nets.BATCH // count] = statistics.median([seconds(step) for _ in range(15)][3:])
    return found


def sums() -> list[tuple[int, float]]:
    """Seconds of an all-reduce, by the number of bytes."""
    found = []
    for size in (32, 10_000, 100_000, 1_000_000, 4_000_000):
        values = mg.zeros(size // 4)
        every = [seconds(lambda values=values: distributed.all_reduce(values)) for _ in range(50)]
        found.append((size, statistics.median(every[5:])))
    return found


def seconds(run: Callable[[], object]) -> float:
    """How long it takes, once all ranks are ready."""
    distributed.barrier()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def training_step(batch: int, megabytes: float = 1.0, summed: bool = True) -> Callable[[], None]:
    """Forward, backward and a momentum step of the CNN. Gradients are summed in buckets of so many megabytes."""
    mg.manual_seed(0)
    rng = np.random.default_rng(distributed.get_rank())
    x = mg.from_numpy(rng.random((batch, 1, nets.HEIGHT, nets.WIDTH), dtype=np.float32))
    y = mg.from_numpy(rng.integers(nets.CLASSES, size=batch))
    net = DistributedDataParallel(nets.cnn(mg, batch_norm=False), bucket_cap_mb=megabytes)
    net.require_backward_grad_sync = summed
    optimizer = mg.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    criterion = mg.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()

    return step


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    distributed.init_process_group()
    result = {"steps": steps, "sizes": sizes, "sums": sums}[sys.argv[1]]()
    if distributed.get_rank() == 0:
        print(json.dumps(result))
