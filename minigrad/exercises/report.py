"""What is said of an answer: a verdict and points for each part, and one for the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

RIGHT = "right"
WRONG = "wrong"
UNWRITTEN = "not written yet"
UNRUNNABLE = "does not run"
STOPPED = "stopped"
UNSEEN = "not looked at"

EXIT_CODES = {RIGHT: 0, WRONG: 1, UNWRITTEN: 3, UNRUNNABLE: 4, STOPPED: 5}  # 2: there is nothing to check


@dataclass(frozen=True)
class Part:
    """Something that is asked for, and worth a point: a gradient, or that float32 stays float32.

    verdict: one of the words above. message: what is wrong, and where it can be told, why. cause: one of
    `minigrad.testing.CAUSES`, if it is known and may be told. example: the smallest call that shows it.
    """

    name: str
    verdict: str = RIGHT
    message: str = ""
    cause: str | None = None
    example: str = ""
    possible: int = 1

    @property
    def points(self) -> int:
        """All or nothing."""
        return self.possible if self.verdict == RIGHT else 0

    def __bool__(self) -> bool:
        return self.verdict == RIGHT

    def as_json(self) -> dict[str, Any]:
        """Of JSON's types only."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "points": self.points,
            "possible": self.possible,
            "message": self.message,
            "cause": self.cause,
            "example": self.example,
        }


@dataclass(frozen=True)
class Trouble:
    """What kept a file from being judged to its end. verdict: UNRUNNABLE or STOPPED. message: may have several lines.
    line: of the student's file; None if none is to blame."""

    verdict: str
    message: str
    line: int | None = None


@dataclass
class Report:
    """An exercise and what is said of one answer. True if all is right: in a test, `assert report, report`."""

    exercise: str
    file: str = ""
    parts: list[Part] = field(default_factory=list)
    trouble: Trouble | None = None
    printed: str = ""

    @property
    def verdict(self) -> str:
        """Of the whole. What is wrong outweighs what is not written yet."""
        if self.trouble:
            return self.trouble.verdict
        found = {part.verdict for part in self.parts}
        return next((one for one in (WRONG, UNWRITTEN, UNSEEN) if one in found), RIGHT)

    @property
    def exit_code(self) -> int:
        """0 right, 1 wrong, 3 not written yet, 4 does not run, 5 stopped."""
        return EXIT_CODES[self.verdict]

    @property
    def points(self) -> int:
        """Of all parts that are right."""
        return sum(part.points for part in self.parts)

    @property
    def possible(self) -> int:
        """The points that can be had."""
        return sum(part.possible for part in self.parts)

    def part(self, name: str) -> Part:
        """The part of this name, such as "dx". It is true if it is right."""
        for part in self.parts:
            if part.name == name:
                return part
        there = ", ".join(part.name for part in self.parts)
        raise LookupError(f"{self.exercise} has no part {name!r}; it has {there}.")

    def __bool__(self) -> bool:
        return self.verdict == RIGHT

    def as_json(self) -> dict[str, Any]:
        """Of JSON's types only."""
        trouble = self.trouble
        return {
            "exercise": self.exercise,
            "file": self.file,
            "verdict": self.verdict,
            "points": self.points,
            "possible": self.possible,
            "parts": [part.as_json() for part in self.parts],
            "trouble": trouble and {"message": trouble.message, "line": trouble.line},
            "printed": self.printed,
        }

    def __str__(self) -> str:
        lines = [f"{self.exercise}: {self.verdict}, {self.points} of {self.possible} points"]
        if self.trouble:
            lines += self.trouble.message.splitlines()
        for part in self.parts:
            lines += [f"  {part.name}: {part.verdict}", *(f"    {line}" for line in part.message.splitlines())]
        return "\n".join(lines)

    __repr__ = __str__


def all_alike(names: Sequence[str], verdict: str, message: str = "") -> list[Part]:
    """Parts of which the same is to be said."""
    return [Part(name, verdict, message) for name in names]
