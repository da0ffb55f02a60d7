"""`judge`: the functions of a notebook, judged where they are."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from minigrad.exercises import contents
from minigrad.exercises.answer import Answer
from minigrad.exercises.judging import EXAMPLES, Asked, judged
from minigrad.exercises.questions import QUESTIONS
from minigrad.exercises.report import UNSEEN, Part, Report


def judge(exercise: str, names: Mapping[str, Any], *, seed: int = 0, examples: int = EXAMPLES) -> Report:
    """Judge functions that are here already: in a notebook, `judge("fc", globals())`.

    Nothing limits their time here, nor their memory. seed, examples: of the calls that are drawn, and how many.
    """
    exercise = contents.known(exercise)
    asked, question = Asked(exercise, Answer.of(names), seed, examples), QUESTIONS[exercise]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {part.name: part for part in judged(asked, question)}
    return Report(exercise, parts=[found.get(name, Part(name, UNSEEN)) for name in question.parts])
