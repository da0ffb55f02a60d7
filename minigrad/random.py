"""One seeded source of randomness for initial weights, shuffling and random tensors.

Numbers are always drawn on the host, so the same seed gives the same weights on every device.
"""

from __future__ import annotations

import numpy as np

_generator: np.random.Generator | None = None  # made when first used: numpy.random is slow to import


def manual_seed(seed: int) -> np.random.Generator:
    """Start the library's random stream from `seed`. Returns the generator."""
    global _generator
    _generator = np.random.default_rng(seed)
    return _generator


def generator(source: np.random.Generator | int | None = None) -> np.random.Generator:
    """A generator of one's own from a seed, the given one, or (None) the library's."""
    global _generator
    if source is None:
        _generator = _generator or np.random.default_rng()
        return _generator
    return source if isinstance(source, np.random.Generator) else np.random.default_rng(source)
