"""The checker finds every planted mistake, names the cause of nearly all, and lets the right ones be."""

import pytest

from minigrad.testing import CAUSES, sweep
from tests.wrong_backwards import PLANTED, RIGHT, activation, convolution, fully_connected, normalization, reduction
from tests.wrong_backwards import softmax as _softmax

FOR_RIGHT, FOR_WRONG = 25, 15  # drawn calls: many before a right one is trusted, few for a mistake to be seen
FAMILIES = (fully_connected, activation, reduction, _softmax, convolution, normalization)

# What the diagnosis calls something else than a teacher would, and why that is no wonder.
NAMED_OTHERWISE: dict[str, str] = {}


def test_there_are_enough_of_them_and_all_causes():
    assert len(PLANTED) >= 40
    assert {one.cause for one in PLANTED} == set(CAUSES)
    assert len(NAMED_OTHERWISE) <= len(PLANTED) // 10


@pytest.mark.parametrize("spec", RIGHT, ids=lambda spec: spec.subject().name)
def test_a_right_backward_is_let_be(spec):
    assert sweep(spec, examples=FOR_RIGHT)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.spec.name)
def test_a_wrong_backward_is_found_and_explained(plant):
    report = sweep(plant.spec, examples=FOR_WRONG)
    print(report)
    assert not report
    wrong = {one.name: one for one in report.gradients if not one.ok}
    assert plant.gradient in wrong
    assert all(one.example for one in wrong.values())
    if plant.spec.name in NAMED_OTHERWISE:
        assert wrong[plant.gradient].cause == NAMED_OTHERWISE[plant.spec.name]
    else:
        assert wrong[plant.gradient].cause == plant.cause
    assert set(wrong) == {plant.gradient} or wrong[plant.gradient].cause in ("input-mutated", "ties")
