"""Every exercise: its solution is right, its start is not written yet, and a typical mistake is told for what it is."""

import re

import numpy as np
import pytest

from minigrad.exercises import contents, judge
from minigrad.exercises.questions import QUESTIONS
from minigrad.exercises.report import WRONG as WRONG_PART
from minigrad.testing import catalog
from minigrad.testing.falsify import drawn
from tests.minigrad.exercises.answers import WRONG, namespace, patched

EXAMPLES = 6
BUGS = [name for name in contents.NAMES if contents.is_bug_hunt(name)]
BLANKS = [name for name in contents.NAMES if not contents.is_bug_hunt(name)]


@pytest.mark.parametrize("name", contents.NAMES)
def test_the_solution_is_right(name):
    report = judge(name, namespace(contents.solution(name)), examples=4)
    assert report, report
    assert report.points == report.possible == len(report.parts)


@pytest.mark.parametrize("name", BLANKS)
def test_what_is_begun_is_not_written_yet(name):
    report = judge(name, namespace(contents.start(name)), examples=2)
    assert (report.verdict, report.exit_code, report.points) == ("not written yet", 3, 0)
    assert report.parts[0].message.startswith("not written yet: ")


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found_and_its_cause_is_not_told(name):
    report = judge(name, namespace(contents.start(name)), examples=EXAMPLES)
    assert report.exit_code == 1
    for part in report.parts:
        if part.verdict == WRONG_PART:
            assert part.cause is None
            assert re.fullmatch(
                r"still wrong\nat \[.*\] it is .*, differences say .*|it must have \w+'s shape .*", part.message
            )


@pytest.mark.parametrize(("name", "old", "new", "part", "said"), WRONG, ids=[f"{one[0]}: {one[2]}" for one in WRONG])
def test_a_typical_mistake_is_told(name, old, new, part, said):
    report = judge(name, namespace(patched(name, (old, new))), examples=EXAMPLES)
    assert report.exit_code == 1
    assert report.part(part).verdict == WRONG_PART
    assert said in report.part(part).message


def test_each_exercise_has_at_least_two_of_them_or_a_planted_bug_and_one():
    for name in contents.NAMES:
        assert sum(one[0] == name for one in WRONG) >= (1 if name in BUGS else 2)


def test_these_are_all():
    assert set(contents.NAMES) == set(QUESTIONS)
    assert len(contents.NAMES) == 23


@pytest.mark.parametrize("name", contents.NAMES)
def test_a_start_says_its_name_its_task_and_what_to_write(name):
    start = contents.start(name)
    assert start.startswith(f'# minigrad exercise: {name}\n"""')
    assert "Your part: " in start or "Find it, and repair it." in " ".join(start.split())
    assert not re.search("BEGIN|END", start + contents.solution(name))
    assert max(map(len, start.splitlines())) <= 120


@pytest.mark.parametrize("name", contents.NAMES)
def test_there_are_three_hints_and_the_first_does_not_say_it_all(name):
    steps = contents.hints(name)
    assert [title for title, _ in steps] == ["A nudge", "The idea", "Nearly the answer"]
    assert all(text for _, text in steps)


@pytest.mark.parametrize("name", contents.NAMES)
def test_every_function_of_a_solution_that_is_asked_for_is_there(name):
    names = namespace(contents.solution(name))
    assert all(callable(names[function]) for function in QUESTIONS[name].functions)


# An answer's values are held against the solution's, so those are held against the library's.
LIBRARY = [
    ("fc", "fc_forward", "fc"),
    ("relu", "relu_forward", "relu"),
    ("fc-relu", "fc_relu_forward", "fc_relu"),
    ("bug-mask", "dense_relu_forward", "fc_relu"),
    ("sigmoid", "sigmoid_forward", "sigmoid"),
    ("softmax-loss", "softmax_loss", "softmax_loss"),
    ("bug-mean", "softmax_loss", "softmax_loss"),
    ("mse", "mse_loss", "mse_loss"),
    ("conv2d", "conv2d_forward", "conv"),
    ("max-pool2d", "max_pool2d_forward", "max_pool"),
    ("batch-norm", "batch_norm_forward", "batchnorm"),
    ("bug-variance", "batch_norm_forward", "batchnorm"),
    ("layer-norm", "layer_norm_forward", "layernorm"),
]


@pytest.mark.parametrize(("name", "function", "op"), LIBRARY, ids=[one[0] for one in LIBRARY])
def test_a_solution_gives_the_values_of_the_library(name, function, op):
    ours = namespace(contents.solution(name))[function]
    call = next(call for call in catalog.find(op) if _takes(ours, drawn(call.inputs, 5, 3)))
    for case in drawn(call.inputs, 5, 3):
        theirs = call.reference(*case.args, **case.settings)
        np.testing.assert_allclose(ours(*case.args, **case.settings)[0], theirs, rtol=1e-9, atol=1e-12)


def _takes(function, cases):
    try:
        for case in cases:
            function(*case.args, **case.settings)
    except (TypeError, ValueError):
        return False
    return True
