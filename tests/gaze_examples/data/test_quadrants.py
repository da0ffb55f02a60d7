import numpy as np
import pytest

from gaze_examples.data.eyes import DataError
from gaze_examples.data.quadrants import labels_of, origin_of, parse_origin, quadrants


@pytest.mark.parametrize(
    ("yaw", "pitch", "label"),
    [
        (-1, 1, 0),
        (1, 1, 1),
        (-1, -1, 2),
        (1, -1, 3),
        (0, 0, 1),
        (0, -1, 3),
        (-1, 0, 0),
        (0, 1, 1),
        (1, 0, 1),  # on the lines: up, and positive
    ],
)
@pytest.mark.parametrize("origin", [(0.0, 0.0), (0.1, -0.2), tuple(np.radians((10, -9)))])
def test_quadrant_table_includes_its_border_lines(yaw, pitch, label, origin):
    gaze = np.array([origin], np.float32) + 0.05 * np.array([[yaw, pitch]], np.float32)
    assert quadrants(gaze, origin) == label
    assert quadrants(gaze, origin).dtype == np.uint8


def test_median_origin_of_an_odd_set_is_a_sample_and_lies_on_both_lines():
    gaze = np.random.default_rng(0).normal(size=(101, 2)).astype(np.float32)
    yaw_up, pitch_up = (gaze >= np.float32(origin_of(gaze, "median"))).sum(axis=0)
    labels = quadrants(gaze, origin_of(gaze, "median"))
    assert yaw_up == pitch_up == 51
    assert np.isin(labels, (1, 3)).sum() == np.isin(labels, (0, 1)).sum() == 51


def test_origin_in_degrees_becomes_radians():
    assert origin_of(np.zeros((1, 2)), (90.0, -45.0)) == pytest.approx((np.pi / 2, -np.pi / 4))
    assert origin_of(np.ones((1, 2)), "zero") == (0, 0)


@pytest.mark.parametrize(
    ("text", "origin"), [("median", "median"), ("Zero", "zero"), ("0,-9.5", (0, -9.5)), (" +1. , .5 ", (1, 0.5))]
)
def test_parse_origin_reads_what_the_command_line_offers(text, origin):
    assert parse_origin(text) == origin


@pytest.mark.parametrize("text", ["", "mean", "1", "1,2,3", "1;2", "a,b", "nan,0", "1e400,0", "181,0", "0,-91"])
def test_parse_origin_says_what_it_expects(text):
    with pytest.raises(DataError, match="YAW,PITCH in degrees"):
        parse_origin(text)


def test_labels_are_the_sources_own_where_it_knows_them(make_eyes):
    known, unknown = make_eyes(known=True), make_eyes()
    assert np.array_equal(labels_of(known, (0, 0)), known.quadrant)
    assert np.array_equal(labels_of(unknown, (0, -0.1)), quadrants(unknown.gaze, (0, -0.1)))
