"""Whatever shapes, dtypes and dims are thrown at a function: PyTorch's answer, or an error in the library's own words.

The calls are those of the sweep, on tensors that mostly do not fit. What counts as an error in our own words: a `raise`
in a file of minigrad (not something that passed through from NumPy, which is an error of a C function) of one of the
kinds that we promise, whose message begins with the name of the function or of what it is made of.
"""

from __future__ import annotations

import dis
import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigrad as mg
from tests.minigrad import test_sweep as sweep
from tests.minigrad import test_sweep_nn as sweep_nn
from tests.minigrad.parity import inf_and_nan_without_warnings

pytestmark = [
    inf_and_nan_without_warnings,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning"),  # PyTorch's
]

HERE = Path(mg.__file__).parent
KINDS = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError, OverflowError)
OURS_TAKES_MORE = {  # name: what it has an answer to where PyTorch refuses
    "F.one_hot": "labels of any integer dtype",
}


def texts() -> list[tuple[str, str]]:
    """Every call of the sweep, with its name."""
    calls = [(name, sweep.of_either(name).format("")) for name in sweep.UNARY]
    calls += [(name, f"lib.{name}(x, y)") for name in sweep.BINARY]
    for name in sweep.REDUCTIONS:
        order = ", 2" if name == "norm" else ""
        calls += [(name, sweep.of_either(name).format(f"{order}, {dim}")) for dim in (-4, -2, 0, 1, 3)]
    calls += [(name, text) for name, (texts, _) in sweep.CASES.items() for text in texts]
    calls += [(f"F.{name}", text) for name, (texts, _) in sweep_nn.FUNCTIONS.items() for text in texts.split(" | ")]
    return calls


# The shapes are few, so that some fit.
SHAPES = [(), (0,), (2,), (3,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 0), (2, 3, 4), (4, 2, 3)]
DTYPES = ["float64", "float64", "float32", "int64", "int32", "bool"]
ANYTHING = st.sampled_from(
    [
        (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3 + 1).astype(dtype)
        for shape in SHAPES
        for dtype in DTYPES
    ]
)


@pytest.mark.parametrize("call", texts(), ids=lambda call: call[1])
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(arrays=st.tuples(ANYTHING, ANYTHING, ANYTHING))
def test_a_right_answer_or_an_error_in_our_own_words(torch, call, arrays):
    name, text = call
    arrays = arrays[: 1 + max((i for i, letter in enumerate("xyz") if re.search(rf"\b{letter}\b", text)), default=0)]
    run = sweep.call_of(text)
    try:
        ours = run(mg, *map(mg.tensor, arrays))
    except Exception as error:
        assert in_our_own_words(error), f"{''.join(traceback.format_exception(error)[-3:])}for {shown(arrays)}"
        return
    theirs = shapes_of_torchs(torch, run, arrays)
    if theirs is None:
        assert name in OURS_TAKES_MORE, f"PyTorch refuses {shown(arrays)}, the answer here has {shapes_of(ours)}"
    else:
        assert shapes_of(ours) == theirs, shown(arrays)


def in_our_own_words(error: Exception) -> bool:
    place = error.__traceback__
    assert place is not None
    while place.tb_next is not None:
        place = place.tb_next
    ours = Path(place.tb_frame.f_code.co_filename).is_relative_to(HERE)
    return (
        ours and _is_raised(place) and isinstance(error, KINDS) and bool(re.match(r"(~|[A-Za-z_][\w.]*): ", str(error)))
    )


def _is_raised(place: TracebackType) -> bool:
    """Whether the line was a `raise`, rather than a call of a C function that failed."""
    code = place.tb_frame.f_code.co_code
    return dis.opname[code[place.tb_lasti]] == "RAISE_VARARGS"


def shapes_of_torchs(torch: Any, run: Any, arrays: tuple) -> Any:
    """The shapes of PyTorch's answer; None if it refuses these shapes in every dtype."""
    for dtype in (None, np.float64):
        given = [array if dtype is None else array.astype(dtype) for array in arrays]
        try:
            return shapes_of(run(torch, *map(torch.tensor, given)))
        except (RuntimeError, TypeError, IndexError, ValueError):
            continue
    return None


def shapes_of(result: Any) -> Any:
    return [shapes_of(part) for part in result] if isinstance(result, (tuple, list)) else tuple(result.shape)


def shown(arrays: tuple) -> str:
    return ", ".join(f"{array.dtype} {array.shape}" for array in arrays)


def test_the_rule_lets_no_error_of_numpys_pass():
    def numpys() -> None:
        np.matmul(np.ones(2), np.ones(3))

    with pytest.raises(ValueError, match=r"^matmul: ") as caught:  # it begins just as ours do
        numpys()
    assert not in_our_own_words(caught.value)
    with pytest.raises(mg.ShapeError) as caught:
        mg.ones(2, 3).matmul(mg.ones(2, 3))
    assert in_our_own_words(caught.value)
