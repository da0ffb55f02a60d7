"""Tasks 1.1 to 1.5 and 1.9: pairs, the loss, and the update rule, judged as the exercises are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gaze_examples.assignment import update_rules
from gaze_examples.assignment.checking.work import Step, Work, a_tuple, same, worked_out
from minigrad.exercises.answer import Answer, Complaint, described
from minigrad.exercises.judging import Asked, Question, judged, pair
from minigrad.exercises.questions import ANY_SHAPE, FC, QUESTIONS
from minigrad.exercises.report import UNSEEN, Part


def _zero_at_the_kink(asked: Asked) -> None:
    forward, backward = (asked.answer.function(name) for name in ("relu_forward", "relu_backward"))
    x = np.array([-1.0, 0.0, 2.0])
    slope = np.asarray(backward(np.full(3, 5.0), forward(x)[1]))
    if slope.shape == x.shape and slope[1] != 0:
        raise Complaint(f"where x is exactly 0, the slope is to be 0; for a dout of 5 dx is {slope[1]:g} there")


EXERCISES: dict[str, Question] = {
    "fc": pair("fc", FC, ("dx", "dw", "db"), asks_forward=True),
    "relu": pair("relu", ANY_SHAPE, ("dx",), asks_forward=True, kinks=(0.0,), also={"at 0": _zero_at_the_kink}),
    "softmax-loss": QUESTIONS["softmax-loss"],
}
FORWARDS: dict[str, Callable] = {  # with the caches that the notebook says
    "fc_forward": lambda x, w, b: (x.reshape(len(x), -1) @ w + b, (x, w, b)),
    "relu_forward": lambda x: (np.maximum(x, 0), x),
}


def exercise(name: str, parts: Sequence[str]) -> Callable[[Work], Iterator[Part]]:
    """The parts that a task has of an exercise. Of a pair, each half is judged even if the other is still to come."""

    def judge(work: Work) -> Iterator[Part]:
        found = _judged(name, work, {})
        if "forward" not in parts and "forward" in found and not found["forward"]:
            found = _judged(name, work, FORWARDS)
        yield from (found[one] for one in parts)

    return judge


def _judged(name: str, work: Work, instead: Mapping[str, Callable]) -> dict[str, Part]:
    """The parts of an exercise by name. instead: what stands in place of the student's functions of these names."""
    question = EXERCISES[name]
    to_come = {one: _unwritten for one in question.functions if work.names.get(one) is None}
    answer = Answer({**work.names, **to_come, **instead}, work.answer.files)
    found = {part.name: part for part in judged(Asked(name, answer), question)}
    return {one: found.get(one, Part(one, UNSEEN)) for one in question.parts}


def _unwritten(*arguments: Any) -> None:
    raise NotImplementedError


# -- the update rule ---------------------------------------------------------------------------------------------------

RATE, MOMENTUM = 0.1, 0.8
MISTAKEN_STEPS: dict[str, Callable] = {  # of (w, dw, v) -> (next_w, velocity)
    "the velocity is not used: w moves by learning_rate * dw": lambda w, dw, v: (w - RATE * dw, MOMENTUM * v),
    "w moves uphill: the gradient is subtracted": lambda w, dw, v: (
        w + MOMENTUM * v + RATE * dw,
        MOMENTUM * v + RATE * dw,
    ),
    "w moves by the old velocity; the new one comes first": lambda w, dw, v: (w + v, MOMENTUM * v - RATE * dw),
    "momentum is not used": lambda w, dw, v: (w + v - RATE * dw, v - RATE * dw),
    "the learning rate belongs into the velocity here, that is the convention of minigrad.optim.SGD": lambda w, dw, v: (
        w - RATE * (MOMENTUM * v + dw),
        MOMENTUM * v + dw,
    ),
    "the velocity is turned round: next_w = w + velocity here": lambda w, dw, v: (
        w - (MOMENTUM * v + RATE * dw),
        MOMENTUM * v + RATE * dw,
    ),
}


def _arrays() -> list[np.ndarray]:
    """w, dw, velocity."""
    rng = np.random.default_rng(0)
    return [rng.uniform(-1, 1, (2, 3)).round(2) for _ in range(3)]


def _step(work: Work, config: dict[str, Any] | None, w: np.ndarray, dw: np.ndarray) -> tuple[Any, dict[str, Any]]:
    rule = work.function("sgd_momentum")
    next_w, config = a_tuple(rule(w, dw, config), ("next_w", "config"), "sgd_momentum")
    if not isinstance(config, dict):
        raise Complaint(f"sgd_momentum must return its config, a dict, after next_w; got {described(config)}")
    if config.get("velocity") is None:
        raise Complaint('sgd_momentum must keep the new velocity in config["velocity"], for the next step')
    return next_w, config


def _one_step(which: int, what: str) -> Step:
    def look(work: Work) -> None:
        w, dw, v = _arrays()
        config = {"learning_rate": RATE, "momentum": MOMENTUM, "velocity": v.copy()}
        next_w, after = _step(work, dict(config), w.copy(), dw.copy())
        due, kept = update_rules.sgd_momentum(w, dw, dict(config))
        mistakes = {sentence: mistaken(w, dw, v)[which] for sentence, mistaken in MISTAKEN_STEPS.items()}
        same((next_w, after["velocity"])[which], (due, kept["velocity"])[which], what, mistakes)

    return look


def _first_step(work: Work) -> None:
    w, dw, _ = _arrays()
    for config in ({"learning_rate": RATE}, {}, None):
        given = None if config is None else dict(config)
        next_w, _ = _step(work, given, w.copy(), dw.copy())
        due, _ = update_rules.sgd_momentum(w, dw, None if config is None else dict(config))
        same(next_w, due, f"with config {config}, next_w")


def _leaves_alone(work: Work) -> None:
    w, dw, v = _arrays()
    given = [one.copy() for one in (w, dw, v)]
    _step(work, {"learning_rate": RATE, "momentum": MOMENTUM, "velocity": given[2]}, given[0], given[1])
    for name, array, before in zip(("w", "dw", "the old velocity"), given, (w, dw, v), strict=True):
        if not np.array_equal(array, before):
            raise Complaint(f"it writes into {name}: `a -= b` does, `a = a - b` does not")


UPDATE_RULE: dict[str, Step] = {
    "velocity": _one_step(1, 'config["velocity"]'),
    "next_w": _one_step(0, "next_w"),
    "first step": _first_step,
    "inputs left alone": _leaves_alone,
}


# -- how long its steps become -----------------------------------------------------------------------------------------


def _in_the_long_run(name: str, gradients: tuple[float, float]) -> Step:
    """`name` is the length of a step, after many, with a learning rate of 0.001 and a momentum of 0.9."""

    def look(work: Work) -> None:
        w, config = np.zeros(()), update_rules.Config(learning_rate=1e-3, momentum=0.9)
        for step in range(1000):
            w, config = update_rules.sgd_momentum(w, np.array(gradients[step % 2]), config)
        mistakes = {"that is without momentum": 1e-3, "a length is above 0": float(config["velocity"])}
        worked_out(work.value(name), abs(float(config["velocity"])), name, mistakes)

    return look


LONG_RUN: dict[str, Step] = {
    "agreeing": _in_the_long_run("agreeing", (1.0, 1.0)),
    "alternating": _in_the_long_run("alternating", (1.0, -1.0)),
}
