"""Turning recording off and on: `no_grad`, `enable_grad`, `set_grad_enabled`, `is_grad_enabled`.

Each works as `with mg.no_grad():` and as a decorator, and restores what was before even after an exception.
"""

from __future__ import annotations

from contextlib import ContextDecorator

from minigrad.tape import state


def is_grad_enabled() -> bool:
    """Whether ops on tensors that require grad are recorded, in this thread."""
    return state.grad_enabled


class _GradMode(ContextDecorator):
    """Inside it, recording is `enabled`. May be entered again while it is open."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._before: list[bool] = []

    def _recreate_cm(self) -> _GradMode:
        return _GradMode(self._enabled)  # a decorated function may run in several threads at once

    def __enter__(self) -> None:
        self._before.append(state.grad_enabled)
        state.grad_enabled = self._enabled

    def __exit__(self, *exception: object) -> None:
        state.grad_enabled = self._before.pop()


class no_grad(_GradMode):
    """Nothing inside is recorded, so results do not require grad."""

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_GradMode):
    """Record again inside a `no_grad`."""

    def __init__(self) -> None:
        super().__init__(True)


class set_grad_enabled(_GradMode):
    """Turn recording on or off: at once as a call, and until the end of the block as `with`."""

    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        self._at_call = state.grad_enabled
        state.grad_enabled = bool(mode)

    def __enter__(self) -> None:
        self._before.append(self._at_call)
        state.grad_enabled = self._enabled
