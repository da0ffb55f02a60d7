"""The update rules of task 1.9, as functions: `rule(w, dw, config) -> (next_w, config)`.

config is one parameter's own dict. It holds the settings, and what the rule remembers from step to step; missing
settings are filled in with their defaults. w and dw are not changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import ShapeError

Config = dict[str, Any]
UpdateRule = Callable[[np.ndarray, np.ndarray, Config], tuple[np.ndarray, Config]]


def sgd(w: np.ndarray, dw: np.ndarray, config: Config | None = None) -> tuple[np.ndarray, Config]:
    """Stochastic gradient descent: next_w = w - learning_rate * dw.

    w, dw: of one shape. config: learning_rate (default 1e-2).
    """
    _check_shapes("sgd", w, dw)
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w: np.ndarray, dw: np.ndarray, config: Config | None = None) -> tuple[np.ndarray, Config]:
    """Descent with momentum: v = momentum * v - learning_rate * dw, and next_w = w + v.

    w, dw: of one shape. config: learning_rate (default 1e-2), momentum (default 0.9; 0 is plain sgd), and velocity,
    the v that is remembered, of w's shape (zero at first).

    The learning rate is part of the velocity, unlike in `minigrad.optim.SGD`: lowering it here takes effect slowly, as
    old steps keep their size. While it stays as it is, both walk the same path.
    """
    _check_shapes("sgd_momentum", w, dw)
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    velocity = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * velocity - config["learning_rate"] * dw
    return w + config["velocity"], config


SETTINGS: dict[UpdateRule, tuple[str, ...]] = {
    sgd: ("learning_rate",),
    sgd_momentum: ("learning_rate", "momentum", "velocity"),
}
"""The keys of its config that each rule here reads."""


def named(name: str) -> UpdateRule:
    """The rule called `name`. Raises ValueError if there is none."""
    rules = {rule.__name__: rule for rule in SETTINGS}
    if name not in rules:
        raise ValueError(
            f"There is no update rule {name!r}: choose {' or '.join(map(repr, rules))}, or give a function "
            "rule(w, dw, config) -> (next_w, config)."
        )
    return rules[name]


def _check_shapes(name: str, w: np.ndarray, dw: np.ndarray) -> None:
    # A gradient that was not summed over the batch would broadcast, and the parameter would grow an axis.
    if dw.shape != w.shape:
        raise ShapeError(f"{name}: the gradient must have the parameter's shape {w.shape}, got {dw.shape}.")
