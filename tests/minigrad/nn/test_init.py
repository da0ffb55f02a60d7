import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import init


def test_initial_values_have_their_distribution_and_go_into_the_tensors_own_memory():
    parameter = mg.nn.Parameter(mg.zeros(200, 200))
    array = parameter.array
    assert init.uniform_(parameter, -1, 3) is parameter and parameter.array is array
    assert -1 <= array.min() < -0.99 and 2.99 < array.max() <= 3 and abs(array.mean() - 1) < 0.03
    init.normal_(parameter, 2, 0.5)
    assert abs(array.mean() - 2) < 0.02 and abs(array.std() - 0.5) < 0.02
    for fill, value in ((init.zeros_, 0), (init.ones_, 1)):
        assert (fill(parameter).array == value).all()
    assert (init.constant_(parameter, 5).array == 5).all() and parameter.requires_grad and parameter.is_leaf


@pytest.mark.parametrize("fill", [init.uniform_, init.normal_])
def test_initial_values_are_decided_by_the_seed(fill):
    def draw(seed):
        mg.manual_seed(seed)
        return fill(mg.zeros(4)).tolist()

    assert draw(1) == draw(1) != draw(2)


def test_the_default_of_layers_counts_what_one_output_sums_over():
    weight, bias = mg.zeros(100, 4, 5, 5), mg.zeros(100)
    init.linear_default_(weight, bias)
    for tensor in (weight, bias):
        assert 0.09 < np.abs(tensor.numpy()).max() <= np.float32(0.1)
