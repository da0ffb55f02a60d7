"""The mutants are wrong, and the sweep notices."""

import numpy as np

from minigrad.ops import reduction
from tests.minigrad.testing.specs import SPECS
from tests.mutants import killed, mutants


def test_every_mutant_of_a_variance_is_another_function_and_is_killed():
    found = list(mutants(reduction.var_backward, reduction))
    assert any("/" in mutant.text for mutant in found)
    assert len({mutant.source for mutant in found}) == len(found) > 1
    for mutant in found:
        assert killed(SPECS["reduction.var"], mutant.backward), mutant.text


def test_the_right_one_is_not():
    assert not killed(SPECS["reduction.mean"], reduction.mean_backward)
    _, cache = reduction.mean_forward(np.ones((2, 4)), 1)
    np.testing.assert_array_equal(reduction.mean_backward(np.ones(2), cache), np.full((2, 4), 0.25))
