"""What is known of labels on the device: no step waits for what was seen on the host, and nothing known is wrong."""

import gc

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import bounds
from minigrad.bounds import all_within
from minigrad.data import DataLoader, TensorDataset
from tests.device_guard.both import waits

LABELS = np.array([3, 0, 2, 1, 3, 0])


def asked(array, length):
    """(whether all are within, how often the device was asked)"""
    with waits() as waited:
        return all_within(getattr(array, "array", array), length), len(waited)


@pytest.mark.parametrize(
    "moved",
    [
        lambda: mg.tensor(LABELS, device="cuda"),
        lambda: mg.as_tensor(LABELS, device="cuda"),
        lambda: mg.tensor([3, 0, 2, 1], device="cuda"),
        lambda: mg.tensor(LABELS).cuda(),
        lambda: mg.tensor(LABELS).to("cuda"),
        lambda: mg.tensor(LABELS).to("cuda", mg.int32),
        lambda: mg.tensor(LABELS.astype(np.int16)).cuda().long(),
        lambda: mg.tensor(LABELS.astype(np.uint8)).cuda().long(),
        lambda: mg.tensor(LABELS > 1).cuda().long(),
        lambda: (mg.tensor(LABELS, device="cuda") > 1).int(),
        lambda: mg.cat([mg.tensor(LABELS, device="cuda"), mg.tensor([1], device="cuda")]),
        lambda: next(iter(DataLoader([mg.tensor(label, device="cuda") for label in LABELS], 4))),
        lambda: mg.tensor(LABELS, device="cuda").reshape(2, 3).t().reshape(-1),
        lambda: mg.tensor(LABELS, device="cuda").repeat(2),
        lambda: mg.tensor(LABELS, device="cuda").masked_fill(mg.tensor(LABELS, device="cuda") > 2, 0),
        lambda: mg.tensor(LABELS, device="cuda").reshape(2, 3)[:, 1:],
        lambda: mg.tensor(LABELS, device="cuda")[mg.tensor([1, 4])],
        lambda: mg.tensor(LABELS, device="cuda").clone(),
        lambda: next(iter(DataLoader(TensorDataset(mg.tensor(LABELS, device="cuda")), 4, shuffle=True)))[0],
    ],
)
def test_labels_from_the_host_are_known(moved):
    labels = moved()
    assert asked(labels, 4) == (True, 0)


@pytest.mark.parametrize(
    "found",
    [
        lambda scores: scores.argmax(1),
        lambda scores: scores.argmin(1, keepdim=True),
        lambda scores: scores.max(1)[1],
        lambda scores: scores.min(1, keepdim=True).indices,
        lambda scores: scores.median(1).indices,
        lambda scores: scores.argsort(1),
        lambda scores: scores.sort(1, descending=True).indices,
        lambda scores: scores.topk(2).indices,
        lambda scores: scores.topk(4).indices,
        lambda scores: scores.T.topk(2, 0).indices.t(),
    ],
)
def test_places_that_were_found_on_the_device_are_known(found):
    """So a network's answers can be labels, or pick from its scores, and nothing waits."""
    scores = mg.rand(5, 4, device="cuda")
    assert asked(found(scores), 4) == (True, 0)
    assert asked(found(scores), 3)[1] == 1  # none of them need be the last: asked


@pytest.mark.parametrize("ignored", [-100, 255])
def test_labels_that_are_not_to_be_counted_are_known_too(ignored):
    """A step on them waits for nothing, also where all or none are ignored; others are an error as ever."""
    scores = mg.rand(6, 4, device="cuda", requires_grad=True)
    for counted in (LABELS < 9, LABELS < 3, LABELS < 0, LABELS == 1):
        labels = np.where(counted, LABELS, ignored)
        on_gpu = mg.tensor(labels, device="cuda")
        with waits() as waited:
            loss = F.cross_entropy(scores, on_gpu, ignore_index=ignored, reduction="none")
            F.nll_loss(scores, mg.stack([on_gpu[0], *on_gpu[1:]]), ignore_index=ignored).backward()
            F.cross_entropy(scores, mg.where(on_gpu == 1, ignored, on_gpu), ignore_index=ignored)
        assert not waited
        here = F.cross_entropy(scores.cpu(), mg.tensor(labels), ignore_index=ignored, reduction="none")
        np.testing.assert_allclose(loss.detach().cpu().numpy(), here.detach().numpy(), rtol=1e-6)
        for wrong in (4, -1, 254, -101):
            spoilt = mg.tensor(np.where(np.arange(6) == 5, wrong, labels), device="cuda")
            with pytest.raises(IndexError, match=rf"labels must lie in 0..3 .*, got {wrong}\.$"):
                F.cross_entropy(scores, spoilt, ignore_index=ignored)
        made_there = mg.tensor(labels + 1, device="cuda") - 1
        with waits() as waited:
            for _ in range(3):
                F.cross_entropy(scores, made_there, ignore_index=ignored)
        assert len(waited) == 1


def test_what_was_picked_need_not_reach_as_far_as_what_it_was_picked_from():
    labels = mg.tensor([0, -100, 2, 1], device="cuda")
    counted = labels[labels != -100]
    assert F.one_hot(counted, 3).argmax(1).tolist() == F.embedding(counted, mg.eye(3, device="cuda")).argmax(1).tolist()
    assert mg.rand(3, 3, device="cuda").gather(1, counted[:, None]).shape == (3, 1)
    with pytest.raises(IndexError, match=r"one_hot: indices must lie in 0\.\.1, got 0\.\.2"):
        F.one_hot(counted, 2)


@pytest.mark.parametrize("length", [3, 4])
def test_what_is_not_known_is_asked_once_for_the_memory_and_its_views(cupy, length):
    """Where it is an error, once more does not matter."""
    labels, again = cupy.asarray(LABELS), int(length == 3)
    assert asked(labels, length) == (length == 4, 1)
    assert asked(labels, length) == (length == 4, again)
    assert asked(labels[1:4], length) == (True, again)
    assert asked(labels[:3], length) == (length == 4, again)


def test_an_edit_is_noticed_also_through_a_view(cupy):
    for change in (lambda x: x.add_(1), lambda x: x[1:3].fill_(9), lambda x: x.__setitem__(2, -1), lambda x: x.zero_()):
        labels = mg.tensor(LABELS, device="cuda")
        change(labels)
        fits = bool(((labels >= 0) & (labels < 4)).all())
        assert asked(labels, 4) == (fits, 1)
        assert asked(labels, 4) == (fits, int(not fits))


def test_memory_that_another_library_has_too_is_asked_each_time(cupy):
    theirs, ours = cupy.asarray(LABELS), mg.tensor(LABELS, device="cuda")
    for labels, memory in ((mg.from_dlpack(theirs), theirs), (ours, cupy.from_dlpack(ours))):
        assert asked(labels, 4) == asked(labels, 4) == asked(labels[1:], 4) == (True, 1)
        memory[2] = 4
        assert asked(labels, 4) == asked(labels[1:], 4) == (False, 1)
        assert asked(labels[:2].clone(), 4) == (True, 1)


def test_memory_that_is_used_again_is_not_taken_for_the_old():
    for low in range(100):
        labels = mg.tensor(LABELS + low, device="cuda")
        assert asked(labels, 4) == (low == 0, int(low > 0))
        made_there = (labels + 1).array
        assert asked(made_there, 5) == (low == 0, 1)
        del labels, made_there
    gc.collect()
    before = len(bounds._known)
    labels = [mg.tensor(LABELS, device="cuda") for _ in range(10)]
    views = [one[1:] for one in labels]
    assert len(bounds._known) == before + 10
    del labels, views
    assert len(bounds._known) == before


def test_bytes_of_pictures_are_not_looked_at_and_lie_between_0_and_255():
    pixels = mg.tensor(np.array([[7, 255]], np.uint8), device="cuda").long()
    assert asked(pixels, 256) == (True, 0) and asked(pixels, 255) == (False, 1)


def test_casts_that_change_numbers_are_asked_anew():
    labels = mg.tensor(LABELS + 256, device="cuda").to(mg.int8)
    assert asked(labels, 4) == (True, 1)
    assert asked(mg.tensor([200], device="cuda").to(mg.int8), 300) == (False, 1)  # it is -56 now
    pairs = mg.tensor([1, 1], dtype=mg.int32, device="cuda")
    assert asked(pairs.array.view(np.int64), 4) == (False, 1) and asked(pairs, 4) == (True, 0)
    assert asked(mg.zeros(0, dtype=mg.int64, device="cuda"), 0) == (True, 0)
    assert asked(mg.tensor(3, device="cuda"), 4) == (True, 0)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_wrong_labels_are_the_same_error(device):
    scores, table = mg.zeros(6, 3, device=device), mg.zeros(3, 2, device=device)
    known = mg.tensor(LABELS, device=device)
    edited = mg.tensor(LABELS % 3, device=device)
    F.cross_entropy(scores, edited)
    edited[1] = 3
    for labels in (known, edited, known + 0, known.reshape(2, 3).reshape(6)):
        for call, message in (
            (lambda labels: F.cross_entropy(scores, labels), "cross_entropy: labels must lie in 0..2"),
            (lambda labels: F.nll_loss(scores, labels), "nll_loss: labels must lie in 0..2"),
            (lambda labels: F.embedding(labels, table), "embedding: indices must lie in 0..2"),
            (lambda labels: F.one_hot(labels, 3), "one_hot: indices must lie in 0..2"),
            (lambda labels: scores.gather(1, labels[:, None]), "gather: the index must lie in 0..2"),
        ):
            with pytest.raises(IndexError, match=rf"^{message}.*, got (3|0..3)\.$"):
                call(labels)
