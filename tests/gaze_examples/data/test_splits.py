import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_examples.data.eyes import DataError, EyeSet
from gaze_examples.data.splits import split


def numbered(counts: list[int], names: list[str] | None = None) -> EyeSet:
    """Eyes whose yaw is their position; `counts[i]` pairs of person i, all people interleaved."""
    person = np.repeat(np.arange(len(counts), dtype=np.int16), counts)
    person = person[np.random.default_rng(0).permutation(len(person))]
    gaze = np.stack([np.arange(len(person)), np.zeros(len(person))], axis=1).astype(np.float32)
    images = np.zeros((len(person), 36, 120), np.uint8)
    return EyeSet(images, gaze, person, tuple(names or [f"p{i:02d}" for i in range(len(counts))]), "numbered")


def positions(part: EyeSet) -> np.ndarray:
    return part.gaze[:, 0].astype(int)


@given(
    st.lists(st.integers(7, 30), min_size=1, max_size=8),
    st.sampled_from(["random", "in-order"]),
    st.tuples(*[st.floats(0.2, 5)] * 3),
    st.integers(0, 3),
)
def test_parts_are_disjoint_and_cover_everything_and_new_people_are_new(counts, order, shares, seed):
    eyes = numbered(counts)
    try:
        parts = split(eyes, order=order, shares=shares, seed=seed).parts()
    except DataError as error:
        assert "would be empty" in str(error)
        return
    every = np.concatenate([positions(part) for part in parts.values()])
    assert np.array_equal(np.sort(every), np.arange(len(eyes)))
    again = split(eyes, order=order, shares=shares, seed=seed).parts()
    assert all(np.array_equal(positions(parts[name]), positions(again[name])) for name in parts)
    if "new" in parts:
        same = np.concatenate([parts[name].person for name in ("train", "val", "test")])
        assert not np.intersect1d(same, parts["new"].person).size


@pytest.mark.parametrize("order", ["random", "in-order"])
@pytest.mark.parametrize("shares", [(1100, 100, 284), (5, 1, 1), (0.7, 0.1, 0.2)])
def test_sizes_of_one_person_are_the_shares_or_the_exact_counts(order, shares):
    sizes = [len(part) for part in split(numbered([1484]), order=order, shares=shares).parts().values()]
    assert np.allclose(sizes, 1484 * np.array(shares) / sum(shares), atol=1)
    assert sizes == [1100, 100, 284] or sum(shares) < 1484


def test_in_order_never_trains_on_what_comes_after_a_persons_test():
    parts = split(numbered([20, 30, 40, 10]), order="in-order", hold_out=1).parts()
    for person in range(3):
        train, val, test = (positions(parts[name][parts[name].person == person]) for name in ("train", "val", "test"))
        assert train.max() < val.min() <= val.max() < test.min()
        assert np.all(np.diff(train) > 0)


def test_random_split_depends_on_its_seed_and_mixes_people():
    eyes = numbered([50] * 5)
    first, other = split(eyes, seed=0).train, split(eyes, seed=1).train
    assert not np.array_equal(np.sort(positions(first)), np.sort(positions(other)))
    assert len(np.unique(first.person[:40])) == 4


@pytest.mark.parametrize(("people", "held_out"), [(1, 0), (2, 1), (3, 1), (5, 1), (10, 2), (14, 3), (15, 3)])
def test_default_holds_out_one_fifth_of_the_people(people, held_out):
    new = split(numbered([14] * people)).new
    assert (0 if new is None else len(np.unique(new.person))) == held_out


def test_held_out_people_are_the_last_by_name_among_those_with_pairs():
    eyes = numbered([14] * 5, ["p03", "p01", "p04", "p02", "p00"])
    assert {eyes.people[i] for i in split(eyes, hold_out=2).new.person} == {"p03", "p04"}
    without_p04 = eyes[eyes.person != 2]
    assert {eyes.people[i] for i in split(without_p04, hold_out=2).new.person} == {"p02", "p03"}


def test_people_are_held_out_by_name():
    parts = split(numbered([14] * 4), hold_out=["p03", "p00"]).parts()
    assert set(parts["new"].person) == {0, 3} and len(parts["new"]) == 28
    assert set(np.concatenate([parts[name].person for name in ("train", "val", "test")])) == {1, 2}
    assert split(numbered([14] * 4), hold_out=[]).new is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hold_out": ["p01", "p09"]}, "no person 'p09' to hold out; the people are p00, p01, p02"),
        ({"hold_out": ["p02", "p01", "p00"]}, "everybody"),
        ({"hold_out": 3}, "at least one must be left"),
        ({"hold_out": -1}, "0 to 2"),
        ({"order": "sorted"}, "in-order"),
        ({"shares": (5, 1)}, "three positive numbers"),
        ({"shares": (5, 0, 1)}, "three positive numbers"),
        ({"shares": (5, 1, float("nan"))}, "three positive numbers"),
        ({"shares": (1000, 1, 1)}, "would be empty: 28 pairs of 2 people"),
    ],
)
def test_impossible_splits_are_refused_in_a_sentence(settings, words):
    with pytest.raises(DataError, match=words):
        split(numbered([14] * 3), **settings)


def test_nothing_to_split_is_told():
    with pytest.raises(DataError, match="not one pair"):
        split(numbered([14])[:0])


def test_huge_shares_are_ratios_like_others():
    parts = split(numbered([14]), shares=(5e307, 1e307, 1e307)).parts()
    assert [len(part) for part in parts.values()] == [10, 2, 2]
