"""A student's functions, called so that whatever they do becomes a sentence about the student's own lines."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.exercises.report import UNWRITTEN, WRONG

FRAMES = 3  # of a traceback, the last ones


class Complaint(Exception):
    """What is to be said of a call that gave no result. verdict: WRONG or UNWRITTEN."""

    def __init__(self, message: str, verdict: str = WRONG) -> None:
        super().__init__(message)
        self.message, self.verdict = message, verdict


@dataclass(frozen=True)
class Answer:
    """The names that a student's file, or a notebook, defines.

    files: where the student's lines are: the file names that a traceback has for them.
    """

    names: Mapping[str, Any]
    files: frozenset[str]

    @classmethod
    def of(cls, names: Mapping[str, Any]) -> Answer:
        """From a namespace. The student's lines are those of the functions in it, but for what comes from minigrad."""
        functions = [one for one in names.values() if inspect.isfunction(one)]
        own = [one for one in functions if not (one.__module__ or "").startswith("minigrad.")]
        return cls(names, frozenset(one.__code__.co_filename for one in own))

    def function(self, name: str, *, returns: bool = True) -> Callable:
        """The function, guarded: it raises nothing but Complaint. Complains if there is none.

        returns: it must, so None is complained of.
        """
        if name not in self.names:
            raise Complaint(f"{name} is missing. Did you rename it, or delete it?")
        function = self.names[name]
        if function is None:
            raise Complaint(f"not written yet: {name}", UNWRITTEN)
        if not callable(function):
            raise Complaint(f"{name} must be a function, it is {described(function)}")

        @functools.wraps(function)
        def guarded(*args: Any, **settings: Any) -> Any:
            try:
                with np.errstate(all="ignore"):
                    result = function(*args, **settings)
            except (Exception, SystemExit) as error:
                raise self.complaint(error, name) from None
            if returns and result is None:
                raise Complaint(f"{name} returns None. Is there a return at its end?")
            return result

        return guarded

    def complaint(self, error: BaseException, name: str) -> Complaint:
        """What to say of what was raised in a call of the function `name`."""
        if isinstance(error, Complaint):
            return error
        where = self.where(error)
        if isinstance(error, NotImplementedError):
            line = f" (line {where[-1][0]})" if where else ""
            return Complaint(f"not written yet: {where[-1][1] if where else name}{line}", UNWRITTEN)
        lines = [f"line {line}, in {function}: {text}".rstrip(": ") for line, function, text in where[-FRAMES:]]
        said = f"{type(error).__name__}: {error}".strip(": ").split("\n")[0]
        if isinstance(error, RecursionError):
            said = f"{name} calls itself again and again, without an end (RecursionError)"
            lines = [Counter(f"line {one[0]}: {one[2]}" for one in where).most_common(1)[0][0]] if where else []
        elif isinstance(error, MemoryError):
            said = f"{name} asks for more memory than there is ({said})"
        elif isinstance(error, SystemExit):
            said = f"{name} ends the program ({said}); it should return"
        else:
            said = f"{name} raises {said}"
        return Complaint("\n".join([said, *lines]))

    def where(self, error: BaseException) -> list[tuple[int | None, str, str]]:
        """(line number, function, line) of the student's lines in a traceback, the last one last."""
        frames = traceback.extract_tb(error.__traceback__)
        return [(one.lineno, one.name, one.line or "") for one in frames if one.filename in self.files]


def described(value: Any) -> str:
    """`None`, `float64 (3, 4)`, `a tuple of 2`, `int 3`."""
    if value is None:
        return "None"
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, (tuple, list, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return f"{type(value).__name__} {text}" if len(text) <= 40 else f"a {type(value).__name__}"
