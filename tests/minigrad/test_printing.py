"""What `set_printoptions` changes in a tensor's text, and that it changes nothing else."""

import inspect
import math

import pytest

import minigrad as mg

NUMBERS = [1.123456, 2e-5, -300.0, 1.0]


@pytest.fixture(autouse=True)
def as_before():
    before = repr(mg.arange(200.0) / 7)
    yield
    mg.set_printoptions(profile="default")
    assert repr(mg.arange(200.0) / 7) == before


@pytest.mark.parametrize(
    ("options", "data", "text"),
    [
        ({"precision": 2}, [1.123456, 2.0], "tensor([1.12, 2.  ])"),
        ({"precision": 2, "sci_mode": True}, NUMBERS, "tensor([1.12e+00, 2.00e-05, -3.00e+02, 1.00e+00])"),
        ({"sci_mode": True}, [1, 2], "tensor([1, 2])"),
        ({"sci_mode": False}, [1.5, 2e-9], "tensor([1.5, 0. ])"),
        ({"threshold": 5}, [0, 1, 2, 3, 4, 5, 6, 7], "tensor([0, 1, 2, ..., 5, 6, 7])"),
        ({"threshold": 3, "edgeitems": 1}, [0, 1, 2, 3], "tensor([0, ..., 3])"),
        ({"linewidth": 20}, [0, 1, 2, 3, 4, 5], "tensor([0, 1, 2, 3,\n        4, 5])"),
        ({"profile": "short"}, [1.123456, 2.0], "tensor([1.12, 2.  ])"),
        ({"profile": "short", "precision": 3}, [1.123456, 2.0], "tensor([1.123, 2.   ])"),
    ],
    ids=str,
)
def test_each_option_does_what_its_name_says(options, data, text):
    mg.set_printoptions(**options)
    assert repr(mg.tensor(data)) == text


def test_full_shows_all_and_what_is_not_named_stays_but_for_sci_mode():
    assert "..." in repr(mg.arange(101))
    mg.set_printoptions(profile="full")
    assert "..." not in repr(mg.arange(5000))
    mg.set_printoptions(precision=1, sci_mode=True)
    mg.set_printoptions(threshold=math.inf)
    assert repr(mg.tensor([1.123456])) == "tensor([1.1])"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"profile": "long"}, r"profile must be one of default, short, full, got 'long'"),
        ({"precision": -1}, r"precision must be a number, 0 or more, got -1"),
        ({"threshold": math.nan}, r"threshold must be"),
        ({"edgeitems": "3"}, r"edgeitems must be a number, 0 or more, got '3'"),
        ({"linewidth": 7.5}, r"linewidth must be"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(options, text):
    before = repr(mg.tensor(NUMBERS))
    with pytest.raises(ValueError, match=rf"^set_printoptions: {text}"):
        mg.set_printoptions(**{"precision": 1, **options})
    assert repr(mg.tensor(NUMBERS)) == before


def test_it_takes_torchs_arguments(torch):
    ours, theirs = (list(inspect.signature(lib.set_printoptions).parameters) for lib in (mg, torch))
    assert ours == theirs
