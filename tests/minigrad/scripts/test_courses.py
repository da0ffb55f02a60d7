"""The networks whose times are compared compute the same in both libraries."""

import pytest

from tests.benchmarks.courses import COURSES, both_steps, check_same


@pytest.mark.parametrize("name", COURSES)
def test_three_steps_from_the_same_weights_have_the_same_losses(name, torch):
    check_same(*both_steps(torch, COURSES[name]))
