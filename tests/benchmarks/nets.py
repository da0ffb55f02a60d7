"""The training steps that are measured, written once for both libraries: `lib` is minigrad or torch."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BATCH, HEIGHT, WIDTH, CLASSES = 256, 36, 120, 4


def fully_connected(lib: Any, hidden: list[int]) -> Any:
    """The net 4320-hidden-4."""
    nn, sizes = lib.nn, [HEIGHT * WIDTH, *hidden, CLASSES]
    layers = [nn.Flatten()]
    for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        layers += [nn.Linear(n_in, n_out)] + ([nn.ReLU()] if i < len(hidden) else [])
    return nn.Sequential(*layers)


def cnn(lib: Any, batch_norm: bool) -> Any:
    """The assignment's CNN, without or with batch-norm, layer by layer."""
    nn = lib.nn
    first, second = ([nn.BatchNorm2d(6)], [nn.BatchNorm2d(16)]) if batch_norm else ([], [])
    return nn.Sequential(
        *[nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2, 2), *first],
        *[nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2, 2), *second],
        *[nn.Flatten(), nn.Linear(16 * 6 * 27, 256), nn.ReLU(), nn.Linear(256, CLASSES)],
    )


NETS = {  # how each is made for a library, and the shape of an image
    "4320-128-4": (lambda lib: fully_connected(lib, [128]), (HEIGHT, WIDTH)),
    "4320-100-100-100-4": (lambda lib: fully_connected(lib, [100, 100, 100]), (HEIGHT, WIDTH)),
    "cnn": (lambda lib: cnn(lib, batch_norm=False), (1, HEIGHT, WIDTH)),
    "cnn-bn": (lambda lib: cnn(lib, batch_norm=True), (1, HEIGHT, WIDTH)),
}


def batch_of(lib: Any, image: tuple[int, ...], size: int = BATCH, device: str = "cpu") -> tuple[Any, Any]:
    """Images of shape `image`, and labels."""
    rng = np.random.default_rng(0)
    x = lib.from_numpy(rng.random((size, *image), dtype=np.float32))
    return x.to(device), lib.from_numpy(rng.integers(CLASSES, size=size)).to(device)


def training_step(
    lib: Any,
    net: Any,
    image: tuple[int, ...],
    channels_last: bool = False,
    *,
    batch: int = BATCH,
    device: str = "cpu",
) -> Callable[[], None]:
    """Forward, backward and a momentum step on one batch of images of shape `image`.

    channels_last: PyTorch's other memory layout, for the net and its images.
    """
    net, (x, y) = net.to(device), batch_of(lib, image, batch, device)
    if channels_last:
        net, x = net.to(memory_format=lib.channels_last), x.contiguous(memory_format=lib.channels_last)
    optimizer = lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    criterion = lib.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()

    return step


def print_peak_memory(lib: Any, batch_norm: bool, channels_last: bool) -> None:
    """Train a CNN for some steps; print the largest number of MB that the process ever held. (On Linux.)"""
    step = training_step(lib, cnn(lib, batch_norm), (1, HEIGHT, WIDTH), channels_last)
    for _ in range(10):
        step()
    # Not getrusage's ru_maxrss, which in a fresh process begins with what the process held that started it.
    status = Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024)


if __name__ == "__main__":  # python -m tests.benchmarks.nets minigrad|torch batch-norm|plain [channels_last]
    import importlib

    which, kind, *layout = sys.argv[1:]
    print_peak_memory(importlib.import_module(which), kind == "batch-norm", "channels_last" in layout)
