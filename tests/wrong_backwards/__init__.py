"""Backward passes that are wrong, each in a way in which somebody was: in a framework before this one, or in a course.

Beside them stand the right ones, over which the checker must not complain. All are written as a student writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from minigrad.testing import OpSpec

RIGHT: list[OpSpec] = []
PLANTED: list[Planted] = []


@dataclass(frozen=True)
class Planted:
    """spec: the op with its wrong backward. gradient: which one is wrong. cause: what a teacher would say."""

    spec: OpSpec
    gradient: str
    cause: str


def right(spec: OpSpec) -> OpSpec:
    """Note a right one."""
    RIGHT.append(spec)
    return spec


def planted(spec: OpSpec, gradient: str, cause: str) -> Callable[[Callable], Callable]:
    """Note a wrong backward of a right op; or a wrong loss, where value and gradient come from one function."""

    def note(wrong: Callable) -> Callable:
        changed = replace(spec, forward=wrong) if spec.backward is None else replace(spec, backward=wrong)
        PLANTED.append(Planted(replace(changed, name=wrong.__name__), gradient, cause))
        return wrong

    return note
