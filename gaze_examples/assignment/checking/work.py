"""`Work`: what a student's notebook has defined, and the sentences that are said of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minigrad.exercises.answer import Answer, Complaint, described
from minigrad.exercises.comparing import largest_difference, numbers
from minigrad.exercises.report import UNWRITTEN, WRONG, Part

Step = Callable[["Work"], None]  # complains, or all is right


class Work:
    """The names of a notebook, without what it has imported from here: that is no answer to anything."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = {name: one for name, one in names.items() if not _is_ours(one)}
        functions = [one for value in self.names.values() for one in _functions(value)]
        self.answer = Answer(self.names, frozenset(one.__code__.co_filename for one in functions))

    def value(self, name: str) -> Any:
        """What is called so. Complains that it is not written yet if it is None, or not there."""
        if self.names.get(name) is None:
            raise Complaint(f"not written yet: {name}", UNWRITTEN)
        return self.names[name]

    def function(self, name: str) -> Callable:
        """The function, or class, guarded: it raises nothing but Complaint."""
        self.value(name)
        return self.answer.function(name)

    def run(self, name: str, call: Callable[[], Any]) -> Any:
        """What `call()` gives. What it raises becomes a Complaint about `name`."""
        return Answer({name: call}, self.answer.files).function(name)()

    def parts(self, steps: Mapping[str, Step]) -> Iterator[Part]:
        """A part for each step: right, unless the step complains."""
        for name, step in steps.items():
            try:
                step(self)
            except Complaint as complaint:
                yield Part(name, complaint.verdict, complaint.message)
            except Exception as error:
                if not self.answer.where(error):
                    raise  # it is ours
                yield Part(name, WRONG, self.answer.complaint(error, name).message)
            else:
                yield Part(name)


def same(found: Any, expected: ArrayLike, what: str, mistakes: Mapping[str, ArrayLike] | None = None) -> None:
    """Complain unless `found` is an array, or a number, like `expected`.

    what: its name. mistakes: a sentence for each well-known mistake, with the values that it gives.
    """
    expected = np.asarray(expected)
    values = numbers(found, expected.shape, what)
    if close(values, expected):
        return
    lines = [sentence for sentence, mistaken in (mistakes or {}).items() if close(values, np.asarray(mistaken))][:1]
    raise Complaint("\n".join([*lines, largest_difference(values, expected, what)]))


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether both have one shape, and the same values but for rounding."""
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-5, atol=1e-7)


def worked_out(found: Any, due: float, what: str, mistakes: Mapping[str, float]) -> None:
    """Complain unless `found` is the number that was to be worked out. What it should be is not said."""
    if isinstance(found, (bool, str)) or not isinstance(found, (int, float, np.number)):
        raise Complaint(f"{what} must be a number, got {described(found)}")
    if not np.isclose(found, due, rtol=1e-9):
        told = [sentence for sentence, mistaken in mistakes.items() if np.isclose(found, mistaken, rtol=1e-9)][:1]
        raise Complaint("\n".join([*told, f"{what} is not {found}"]))


def a_tuple(found: Any, names: Sequence[str], what: str) -> tuple:
    """`found`, if it is a tuple of so many. Complains otherwise."""
    if not (isinstance(found, tuple) and len(found) == len(names)):
        raise Complaint(f"{what} must return ({', '.join(names)}), got {described(found)}")
    return found


def _is_ours(one: Any) -> bool:
    """Whether it is a function or class of the library or its application."""
    is_definition = inspect.isfunction(one) or inspect.isclass(one)
    return is_definition and one.__module__.partition(".")[0] in ("minigrad", "gaze_examples")


def _functions(value: Any) -> Iterator[Any]:
    """The function, or those of the class."""
    yield from filter(inspect.isfunction, vars(value).values() if inspect.isclass(value) else [value])
