"""The exercise `diamond`: a student's tape of numbers, on small programs and on a long one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.exercises.answer import Answer, Complaint, described
from minigrad.exercises.judging import Asked, Step

FUNCTIONS = ("Number", "add", "multiply", "backward")
LONG = 20_000  # results on the tape, on which recursion dies

# A program: the numbers a and b it starts from, then lines (operation, operand, operand); operands count all numbers.
Program = tuple[tuple[float, float], Sequence[tuple[str, int, int]]]

ONE_RESULT: Program = ((3.0, -2.0), [("multiply", 0, 1)])
CHAIN: Program = ((3.0, -2.0), [("multiply", 0, 1), ("multiply", 2, 1), ("add", 3, 1), ("multiply", 4, 0)])
DIAMOND: Program = ((3.0, 5.0), [("add", 0, 0), ("add", 2, 2), ("multiply", 3, 1)])
UNEVEN: Program = (  # c is used by d at once, and by f much later
    (2.0, -3.0),
    [("multiply", 0, 1), ("multiply", 2, 0), ("add", 3, 1), ("multiply", 4, 2), ("multiply", 5, 5)],
)
NOT_THE_LAST: Program = ((2.0, 4.0), [("multiply", 0, 1), ("add", 2, 0), ("multiply", 3, 3)])


def _gradients(
    program: Program, end: int, *, reverse: bool = True, adds: bool = True, chains: bool = True
) -> list[float]:
    """What backward should put into every number; or, with one of the switches off, what a mistaken one puts there."""
    starts, lines = program
    values: list[float] = list(starts)
    for operation, i, j in lines:
        values.append(values[i] + values[j] if operation == "add" else values[i] * values[j])
    grads = [0.0] * len(values)
    grads[end] = 1.0
    order = range(len(lines)) if not reverse else reversed(range(len(lines)))
    for number in order:
        operation, i, j = lines[number]
        out = grads[number + 2] if chains else 1.0
        slopes = (1.0, 1.0) if operation == "add" else (values[j], values[i])
        for source, slope in zip((i, j), slopes, strict=True):
            grads[source] = slope * out + (grads[source] if adds else 0.0)
    return grads


MISTAKES: dict[str, dict[str, bool]] = {
    "contributions overwrite each other: a number that is used twice must add both": {"adds": False},
    "the tape is read forwards: a number hands on its gradient before it has arrived": {"reverse": False},
    "the slope alone is handed on: by the chain rule it must be multiplied by the gradient of the result": {
        "chains": False
    },
}


def _right_on(program: Program, end: int = -1) -> Step:
    def look(asked: Asked) -> None:
        numbers = _run(asked.answer, program, end)
        found, due = [number.grad for number in numbers], _gradients(program, end)
        if _same(found, due):
            return
        sentences = [said for said, switches in MISTAKES.items() if _same(found, _gradients(program, end, **switches))]
        if not any(one for one in found):
            sentences = ["every gradient is still 0: does the walk begin with the gradient of `end`, which is 1?"]
        wrong = next(i for i, (one, other) in enumerate(zip(found, due, strict=True)) if not _same([one], [other]))
        name = _letter(wrong)
        numbers_said = f"{name}.grad is {found[wrong]}, it should be {due[wrong]:g}"
        raise Complaint("\n".join([*sentences[:1], numbers_said, f"for {_written(program, end)}"]))

    return look


def _run(answer: Answer, program: Program, end: int) -> list[Any]:
    """The numbers, after the student's backward."""
    starts, lines = program
    number, operations = answer.function("Number"), {one: answer.function(one) for one in ("add", "multiply")}
    tape: list[Any] = []
    numbers = [number(start) for start in starts]
    for operation, i, j in lines:
        numbers.append(operations[operation](tape, numbers[i], numbers[j]))
    answer.function("backward", returns=False)(tape, numbers[end])
    for one in numbers:
        if not isinstance(getattr(one, "grad", None), (int, float)):
            raise Complaint(f"grad must be a number, got {described(getattr(one, 'grad', None))}")
    return numbers


def _same(found: list[Any], due: list[float]) -> bool:
    return all(abs(one - other) <= 1e-9 * max(1.0, abs(other)) for one, other in zip(found, due, strict=True))


def _written(program: Program, end: int) -> str:
    """`a = 3; b = -2; c = a * b; backward from c`."""
    starts, lines = program
    signs: dict[str, str] = {"add": "+", "multiply": "*"}
    said = [f"{_letter(i)} = {start:g}" for i, start in enumerate(starts)]
    said += [
        f"{_letter(i)} = {_letter(one)} {signs[operation]} {_letter(other)}"
        for i, (operation, one, other) in enumerate(lines, 2)
    ]
    return "; ".join([*said, f"backward from {_letter(range(len(lines) + 2)[end])}"])


def _letter(i: int) -> str:
    return "abcdefghijkl"[i]


def _works_on_a_long_tape(asked: Asked) -> None:
    program: Program = ((0.5, 1.0), [("add", 0, 1), *(("add", i, 1) for i in range(2, LONG + 1))])
    numbers = _run(asked.answer, program, -1)
    if not _same([numbers[1].grad, numbers[0].grad], [float(LONG), 1.0]):
        raise Complaint(f"on a tape of {LONG} sums the gradients are wrong")


STEPS: dict[str, Callable[[Asked], None]] = {
    "one result": _right_on(ONE_RESULT),
    "a chain": _right_on(CHAIN),
    "used twice": _right_on(DIAMOND),
    "in the right order": _right_on(UNEVEN),
    "not the last result": _right_on(NOT_THE_LAST, end=3),
    "a long tape": _works_on_a_long_tape,
}
