"""`python -m tests.benchmarks.gpu`: a training step on a GPU, minigrad beside PyTorch.

For each of the assignment's nets, with batches of 256 and 4096 in float32: once with products in float32, and once in
TF32, which has 10 bits. A clock of the GPU's own takes the time from the first launch until the last is done. At 256
the GPU waits for the host most of the time, so PyTorch is measured once more from a CUDA graph, which the host starts
as a whole. (CuPy's products cannot be captured in one.)

`python -m tests.benchmarks.gpu ops`: where the time of cnn-bn's step goes, layer by layer; `ops cnn`: that of another.
(In TF32 with CUPY_TF32=1.) Prints tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import minigrad as mg
from tests.benchmarks import nets
from tests.benchmarks.interleaved import Comparison, compare, table

PROMISED = {256: 2.0, 4096: 1.5}
ROUNDS = 30


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=["steps", "ops"], help="one table only, in this process")
    parser.add_argument("net", nargs="?", choices=nets.NETS, default="cnn-bn", help="whose layers (default: cnn-bn)")
    options = parser.parse_args(arguments)
    if not mg.cuda.is_available():
        print(
            "This measures a GPU, and CuPy sees none: python -m minigrad doctor says what is missing.", file=sys.stderr
        )
        return 2
    torch = torch_with_cuda()
    if options.what:
        use_tf32(torch, os.environ.get("CUPY_TF32") == "1")
        print(steps(torch) if options.what == "steps" else ops(torch, options.net))
        return 0
    print("\n".join(head(torch)))
    for name, setting in (("float32", "0"), ("TF32", "1")):  # CuPy reads the setting once a process
        print(f"\nProducts in {name}", flush=True)
        command = [sys.executable, "-m", "tests.benchmarks.gpu", "steps"]
        subprocess.run(command, check=True, env={**os.environ, "CUPY_TF32": setting})
    return 0


def head(torch: Any) -> list[str]:
    """What is measured, on what, with which versions."""
    import cupy

    cuda = cupy.cuda.runtime
    ours = f"CuPy {cupy.__version__} with CUDA {cuda.runtimeGetVersion()}, driver {cuda.driverGetVersion()}"
    theirs = "PyTorch left out: its build with CUDA is not installed"
    if torch is not None:
        theirs = f"PyTorch {torch.__version__} with CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    return [
        f"{mg.cuda.get_device_name()}, Python {platform.python_version()}, {ours}",
        theirs,
        f"Training step: images of {nets.HEIGHT} x {nets.WIDTH} float32, forward, backward, momentum. "
        f"Medians of {ROUNDS}, by events.",
    ]


def torch_with_cuda() -> Any:
    """PyTorch, if it is here and was built for a GPU."""
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def use_tf32(torch: Any, allowed: bool) -> None:
    """The setting that CuPy takes from CUPY_TF32, for PyTorch, too; and its quickest convolutions."""
    if torch is not None:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
        torch.backends.cudnn.benchmark = True


def by_events(run: Callable[[], object]) -> float:
    """Seconds that a run takes on the GPU. (Both libraries give their work to the same stream, the default one.)"""
    start, end = (mg.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3


# -- whole steps -------------------------------------------------------------------------------------------------------


def steps(torch: Any) -> str:
    """The table of all nets and batches."""
    comparisons: list[Comparison] = []
    for batch in PROMISED:
        for net in nets.NETS:
            comparisons += step(torch, net, batch)
            for lib in (mg, torch) if torch is not None else (mg,):
                lib.cuda.empty_cache()  # neither keeps memory from the other
    return table(comparisons)


def step(torch: Any, net: str, batch: int) -> list[Comparison]:
    """The rows of one net and batch."""
    make, image = nets.NETS[net]

    def of(lib: Any) -> Callable[[], None]:
        return nets.training_step(lib, make(lib), image, batch=batch, device="cuda")

    theirs = {} if torch is None else {"": of(torch), "a graph": captured(torch, of(torch))}
    name = f"{net} at {batch}"
    first, *graph = compare(name, of(mg), theirs, PROMISED[batch], rounds=ROUNDS, seconds_of=by_events)
    return [first, *(replace(one, promised=None) for one in graph)]


def captured(torch: Any, step: Callable[[], None]) -> Callable[[], None]:
    """PyTorch's step as a CUDA graph. What is done once only (memory, the choice of convolutions) is done before, on a
    stream of its own, as capturing asks for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


# -- layer by layer ----------------------------------------------------------------------------------------------------


def ops(torch: Any, net: str = "cnn-bn", batch: int = 4096) -> str:
    """The table of a net's layers, its loss, and the step that the optimiser takes."""
    libs = {"minigrad": mg} if torch is None else {"minigrad": mg, "PyTorch": torch}
    times = {name: layers(lib, net, batch) for name, lib in libs.items()}
    titles = [f"{name} {way}" for name in libs for way in ("forward", "backward")]
    lines = [f"{f'{net} at {batch}, ms':24s}" + "".join(f"{title:>20s}" for title in titles)]
    for row in zip(*times.values(), strict=True):
        numbers = ["" if seconds is None else f"{1e3 * seconds:.3f}" for _, *pair in row for seconds in pair]
        lines.append(f"{row[0][0]:24s}" + "".join(f"{number:>20s}" for number in numbers).rstrip())
    return "\n".join(lines)


def layers(lib: Any, net: str, batch: int) -> list[tuple[str, float, float | None]]:
    """(name, seconds of forward, seconds of backward) of each."""
    make, image = nets.NETS[net]
    model = make(lib).to("cuda")
    images, y = nets.batch_of(lib, image, batch, "cuda")
    criterion = lib.nn.CrossEntropyLoss()
    x, rows = images, []
    for layer in [*model, criterion]:
        forward = (lambda x: criterion(x, y)) if layer is criterion else layer
        out = forward(x)
        upstream = lib.ones_like(out)

        def clear(x=x) -> None:  # so that no gradients are added up
            model.zero_grad()
            x.grad = None

        def backward(out=out, upstream=upstream) -> None:
            out.backward(upstream, retain_graph=True)

        way_back = median(backward, clear) if out.requires_grad else None  # images need no gradient
        rows.append((type(layer).__name__, median(lambda forward=forward, x=x: forward(x)), way_back))
        x = out.detach().requires_grad_()
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion(model(images), y).backward()
    rows.append(("SGD", median(optimizer.step), None))
    return rows


def median(run: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Median seconds of a run. before: what is done before each, and not measured."""
    gc.collect()
    times = []
    for _ in range(ROUNDS + 3):
        before()
        times.append(by_events(run))
    return statistics.median(times[3:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
