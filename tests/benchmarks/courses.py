"""`python -m tests.benchmarks.courses [NAME ...]`: a training step of small networks as courses build them, against
PyTorch's.

Each is written once for both libraries: `lib` is minigrad or torch. First it is seen that from the same weights both
have the same loss, step after step; then they run in turn, and the medians are compared.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

import minigrad as mg
from tests.benchmarks.interleaved import Comparison, compare, table

LETTERS = 65  # characters that a text is made of


@dataclass(frozen=True)
class Course:
    """A network, made for a library; the shapes of a batch; and how many classes, or other letters, it guesses from.

    Inputs are images, numbers in [0, 1) of shape `inputs`, or letters, whole numbers of that shape. labels: how many
    there are for a batch, in one row.
    """

    make: Callable[[Any], Any]
    inputs: tuple[int, ...]
    labels: int
    classes: int = 10
    letters: bool = False


# -- the networks ------------------------------------------------------------------------------------------------------


def fully_connected(lib: Any) -> Any:
    nn = lib.nn
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def next_letter(lib: Any) -> Any:
    """After Bengio et al. (2003): the last three letters, embedded, and a hidden layer guess the next one."""
    nn = lib.nn
    return nn.Sequential(
        nn.Embedding(LETTERS, 10), nn.Flatten(), nn.Linear(30, 200), nn.Tanh(), nn.Linear(200, LETTERS)
    )


def two_convolutions(lib: Any) -> Any:
    nn = lib.nn
    return nn.Sequential(
        *[nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()],
        *[nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10)],
    )


def residual(lib: Any) -> Any:
    """After He et al. (2016): what a block computes is added to what came in."""
    nn, relu = lib.nn, lib.nn.functional.relu

    class Block(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(after)
            self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(after)
            short = nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            self.shortcut = nn.Identity() if before == after else nn.Sequential(*short)

        def forward(self, x: Any) -> Any:
            out = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
            return relu(out + self.shortcut(x))

    return nn.Sequential(
        *[nn.Conv2d(3, 16, 3, 1, 1), Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)],
        *[nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)],
    )


def depthwise(lib: Any) -> Any:
    """After Howard et al. (2017): each channel has a filter of its own, and then a pixel's channels are mixed."""
    nn = lib.nn

    def block(before: int, after: int, stride: int) -> list[Any]:
        own = [nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False), nn.BatchNorm2d(before), nn.ReLU()]
        return [*own, nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(
        *[nn.Conv2d(3, 32, 3, 2, 1), *block(32, 64, 1), *block(64, 64, 2), *block(64, 128, 1)],
        *[nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10)],
    )


def transformer(lib: Any, length: int = 64, width: int = 64, heads: int = 4) -> Any:
    """After Radford et al. (2019): two blocks of attention to the letters before, and of a hidden layer with gelu."""
    nn, F = lib.nn, lib.nn.functional

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = (
                part.view(n, t, heads, width // heads).transpose(1, 2) for part in self.qkv(x).split(width, dim=2)
            )
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.mix(seen.transpose(1, 2).reshape(n, t, width))

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attention, self.norm2 = nn.LayerNorm(width), Attention(), nn.LayerNorm(width)
            self.hidden = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.hidden(self.norm2(x))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letter, self.place = nn.Embedding(LETTERS, width), nn.Embedding(length, width)
            self.blocks, self.norm = nn.Sequential(Block(), Block()), nn.LayerNorm(width)
            self.out = nn.Linear(width, LETTERS)

        def forward(self, letters: Any) -> Any:
            x = self.letter(letters) + self.place(lib.arange(length))
            return self.out(self.norm(self.blocks(x))).view(-1, LETTERS)

    return Model()


def lstm(lib: Any) -> Any:
    nn = lib.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letter, self.lstm = nn.Embedding(LETTERS, 64), nn.LSTM(64, 128, batch_first=True)
            self.out = nn.Linear(128, LETTERS)

        def forward(self, letters: Any) -> Any:
            hidden, _ = self.lstm(self.letter(letters))
            return self.out(hidden).reshape(-1, LETTERS)

    return Model()


COURSES = {
    "784-256-256-10, batch 64": Course(fully_connected, (64, 784), 64),
    "next of 3 letters, batch 32": Course(next_letter, (32, 3), 32, LETTERS, letters=True),
    "CNN of 28 x 28, batch 64": Course(two_convolutions, (64, 1, 28, 28), 64),
    "residual CNN of 32 x 32, batch 32": Course(residual, (32, 3, 32, 32), 32),
    "depthwise CNN of 64 x 64, batch 16": Course(depthwise, (16, 3, 64, 64), 16),
    "transformer, 64 letters, batch 16": Course(transformer, (16, 64), 16 * 64, LETTERS, letters=True),
    "LSTM, 50 letters, batch 32": Course(lstm, (32, 50), 32 * 50, LETTERS, letters=True),
}


# -- both libraries ----------------------------------------------------------------------------------------------------


def both_steps(torch: Any, course: Course) -> tuple[Callable[[], float], Callable[[], float]]:
    """A training step of Adam, of minigrad and of PyTorch, from the same weights. Each call gives the loss."""
    ours, theirs = course.make(mg), course.make(torch)
    theirs.load_state_dict({name: torch.from_numpy(value.numpy().copy()) for name, value in ours.state_dict().items()})
    return training_step(mg, ours, course), training_step(torch, theirs, course)


def training_step(lib: Any, net: Any, course: Course) -> Callable[[], float]:
    rng = np.random.default_rng(0)
    letters = rng.integers(LETTERS, size=course.inputs)
    x = lib.from_numpy(letters if course.letters else rng.random(course.inputs, dtype=np.float32))
    y = lib.from_numpy(rng.integers(course.classes, size=course.labels))
    optimizer = lib.optim.Adam(net.parameters(), lr=1e-3)

    def step() -> float:
        optimizer.zero_grad()
        loss = lib.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def check_same(ours: Callable[[], float], theirs: Callable[[], float]) -> None:
    """Three steps have the same losses in both libraries."""
    np.testing.assert_allclose([ours() for _ in range(3)], [theirs() for _ in range(3)], rtol=1e-4)


def main(names: list[str]) -> int:
    try:
        import torch
    except ImportError:
        print("This compares with PyTorch, which is not installed: pip install torch==2.13.0", file=sys.stderr)
        return 2
    if names:
        print(table([comparison for name in names for comparison in compared(torch, name)]))
        return 0
    threads = f"{mg.get_num_threads()} and {torch.get_num_threads()} threads"
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, {threads}")
    print("Training step: forward, backward, Adam. Each network in a process of its own.\n")
    for i, name in enumerate(tqdm(COURSES, unit="net", leave=False)):
        command = [sys.executable, "-m", "tests.benchmarks.courses", name]
        lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        tqdm.write("\n".join(lines if i == 0 else lines[1:]))  # the line of titles once
    return 0


def compared(torch: Any, name: str) -> list[Comparison]:
    mg.manual_seed(0)
    ours, theirs = both_steps(torch, COURSES[name])
    check_same(ours, theirs)
    return compare(name, ours, {"": theirs}, None, rounds=30)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
