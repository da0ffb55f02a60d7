import numpy as np

from gaze_examples.data.eyes import concatenate


def test_concatenate_keeps_who_is_who(make_eyes):
    one, other = make_eyes(people=2), make_eyes(people=3, seed=1)
    both = concatenate([one[one.person == 1], other], "both")
    names = [both.people[i] for i in both.person]
    assert names == ["p01"] * 4 + ["p00"] * 4 + ["p01"] * 4 + ["p02"] * 4
    assert both.people == ("p00", "p01", "p02")
    assert both.person.dtype == np.int16
    assert np.array_equal(both.images[4:], other.images)


def test_concatenate_drops_a_column_that_one_set_lacks(make_eyes):
    assert concatenate([make_eyes(known=True), make_eyes()], "both").quadrant is None
    assert len(concatenate([make_eyes(known=True), make_eyes(known=True)], "both").oracle) == 24
