"""Task 3.1: the numbers of parameters, and what the notebook's formulas leave out."""

import pytest

from gaze_examples.assignment import CNNWithBatchNorm, CNNWithoutBatchNorm, parameter_count, parameter_table
from gaze_examples.models import FullyConnected

NOTEBOOK_CNN = (1 * 3 * 3 * 6 + 6) + (6 * 5 * 5 * 16 + 16) + 16 * 6 * 27 * 256 + 256 * 4
NOTEBOOK_FC = 36 * 120 * 100 + 100 * 100 + 100 * 100 + 100 * 4


@pytest.mark.parametrize(
    ("make", "count", "notebook", "missing"),
    [
        (CNNWithoutBatchNorm, 667_312, NOTEBOOK_CNN, 256 + 4),
        (CNNWithBatchNorm, 667_356, NOTEBOOK_CNN, 256 + 4 + 2 * 6 + 2 * 16),
        (FullyConnected, 452_704, NOTEBOOK_FC, 100 + 100 + 100 + 4),
    ],
)
def test_the_counts_and_what_the_notebook_leaves_out(make, count, notebook, missing):
    assert parameter_count(make()) == count == notebook + missing
    assert notebook in (667_052, 452_400)


def test_the_table_has_a_line_for_each_layer_that_learns():
    lines = [line.split() for line in parameter_table(CNNWithBatchNorm()).splitlines()]
    assert lines == [
        ["conv1", "Conv2d", "54", "+", "6", "60"],
        ["bn1", "BatchNorm2d", "6", "+", "6", "12"],
        ["conv2", "Conv2d", "2,400", "+", "16", "2,416"],
        ["bn2", "BatchNorm2d", "16", "+", "16", "32"],
        ["fc1", "Linear", "663,552", "+", "256", "663,808"],
        ["fc2", "Linear", "1,024", "+", "4", "1,028"],
        ["667,356"],
    ]
