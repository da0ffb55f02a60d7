"""One seeded source of randomness for initial weights, shuffling and random tensors.

The same seed gives the same numbers on every device. Uniform ones are made where they are wanted; all others are drawn
on the host.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import CPU, Array, Device, cupy_on, to_device
from minigrad.kernels import random as kernels

_generator: np.random.Generator | None = None  # made when first used: numpy.random is slow to import


def manual_seed(seed: int) -> np.random.Generator:
    """Start the library's random stream from `seed`. Returns the generator."""
    global _generator
    _generator = _started("manual_seed", seed)
    return _generator


class Generator:
    """A random stream of one's own, as in PyTorch: `mg.Generator().manual_seed(42)`. `numpy` is what draws."""

    def __init__(self, device: object = "cpu") -> None:
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream from `seed`. Returns itself."""
        self.numpy = _started("manual_seed", seed)
        self._seed = int(seed)
        return self

    def seed(self) -> int:
        """Start the stream from a seed that the system draws. Returns the seed."""
        self.manual_seed(int(np.random.SeedSequence().generate_state(1)[0]))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream was started from."""
        return self._seed


def generator(source: Generator | np.random.Generator | int | None = None) -> np.random.Generator:
    """A generator of one's own from a seed, the given one, or (None) the library's."""
    global _generator
    if source is None:
        _generator = _generator or np.random.default_rng()
        return _generator
    if isinstance(source, Generator):
        return source.numpy
    return source if isinstance(source, np.random.Generator) else _started("generator", source)


def _started(name: str, seed: Any) -> np.random.Generator:
    try:
        if seed is None:  # NumPy would draw one
            raise TypeError
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: a seed is a whole number, at least 0, got {seed!r}.") from None


def uniform(
    shape: tuple[int, ...], dtype: np.dtype, where: Device, source: Generator | np.random.Generator | int | None = None
) -> Array:
    """Numbers of [0, 1), float32 or float64, on a device."""
    drawing = generator(source)
    if where == CPU or not isinstance(drawing.bit_generator, np.random.PCG64):
        return to_device(np.asarray(drawing.random(shape, dtype)), where)
    drawn = cupy_on(where).empty(shape, dtype)
    kernels.uniform(drawing, drawn)
    return drawn


def get_state(source: Generator | np.random.Generator | None = None) -> dict[str, Any]:
    """Where a stream, or the library's, stands: plain numbers and text, for `set_state` to go on from."""
    return dict(generator(source).bit_generator.state)


def set_state(state: dict[str, Any], source: Generator | np.random.Generator | None = None) -> None:
    """Let a stream, or the library's, go on from where `get_state` found it. Raises ValueError for another's state."""
    try:
        generator(source).bit_generator.state = state
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"set_state: this is not the state of such a random stream ({error}).") from None
