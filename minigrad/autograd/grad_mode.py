"""Turning recording off and on: `no_grad`, `enable_grad`, `set_grad_enabled`, `is_grad_enabled`.

Each works as `with mg.no_grad():` and as a decorator, and restores what was before even after an exception.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any

from minigrad.kinds import checked
from minigrad.tape import state


def is_grad_enabled() -> bool:
    """Whether ops on tensors that require grad are recorded, in this thread."""
    return state.here.grad_enabled


class _GradMode:
    """Inside it, recording is `enabled`. May be entered again while it is open."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(state.here.grad_enabled)
        state.here.grad_enabled = self._enabled

    def __exit__(self, *exception: object) -> None:
        state.here.grad_enabled = self._before.pop()

    def __call__(self, function: Callable) -> Callable:
        """As a decorator. Each call has a mode of its own, since calls may run in several threads at once."""
        enabled = self._enabled

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with _GradMode(enabled):
                return function(*args, **kwargs)

        @functools.wraps(function)
        def steps_inside(*args: Any, **kwargs: Any) -> Any:
            return (yield from _Steps(function(*args, **kwargs), enabled))

        return steps_inside if inspect.isgeneratorfunction(function) else inside


class _Steps(Generator):
    """A generator under a grad mode: in force while the generator runs, not while its consumer does in between."""

    def __init__(self, generator: Generator, enabled: bool) -> None:
        self._generator = generator
        self._enabled = enabled

    def send(self, value: Any) -> Any:
        with _GradMode(self._enabled):
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        with _GradMode(self._enabled):
            return self._generator.throw(*error)


class _Switch(_GradMode):
    """A mode that is written `with no_grad():`, `@no_grad()`, or `@no_grad`."""

    enabled: bool

    def __new__(cls, function: Callable | None = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        super().__init__(self.enabled)


class no_grad(_Switch):
    """Nothing inside is recorded, so results do not require grad."""

    enabled = False


inference_mode = no_grad  # PyTorch's name for evaluation, where it saves a little more


class enable_grad(_Switch):
    """Record again inside a `no_grad`."""

    enabled = True


class set_grad_enabled(_GradMode):
    """Turn recording on or off: at once as a call; inside the block as `with`, inside the function as a decorator."""

    @checked
    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        self._at_call = state.here.grad_enabled
        state.here.grad_enabled = bool(mode)

    def __enter__(self) -> None:
        self._before.append(self._at_call)
        state.here.grad_enabled = self._enabled

    def __call__(self, function: Callable) -> Callable:
        state.here.grad_enabled = self._at_call  # a decorator is in force only inside the function
        return super().__call__(function)
