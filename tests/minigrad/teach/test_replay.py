"""The slope that is measured is that of the whole rest of the forward pass."""

import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.teach.names import scopes_at
from minigrad.teach.replay import Replay
from minigrad.teach.rows import read


def replay_of(end, largest=1.0):
    rows = read([end], scopes_at(sys._getframe(1)))
    return Replay(rows, (rows[-1].index, 0), np.ones(end.shape), largest), rows


def test_a_value_that_is_used_in_many_ways():
    a = mg.tensor(3.0, requires_grad=True)
    with mg.Tape():
        b = a + a
        c = b + b * a
    replay, _ = replay_of(c)
    found = replay.check((0, 0), np.float32(14.0))
    assert found.verdict == "agrees" and found.slope == pytest.approx(14)
    assert replay.check((0, 0), np.float32(14.1)).verdict == "differs"


def test_it_looks_at_the_largest_element():
    w = mg.tensor([1.0, -5.0, 2.0], requires_grad=True)
    with mg.Tape():
        loss = w.square().sum()
    replay, _ = replay_of(loss)
    found = replay.check((0, 0), np.array([2.0, -10.0, 4.0], np.float32))
    assert (found.place, found.gradient) == ((1,), -10) and found.slope == pytest.approx(-10)


def test_settings_lists_masks_and_several_outputs_are_run_again():
    mg.manual_seed(0)
    x = mg.randn(2, 1, 5, 5, requires_grad=True)
    with mg.Tape():
        pooled = F.max_pool2d(F.conv2d(x, mg.randn(2, 1, 2, 2), stride=2, padding=1), 2, stride=1)
        parts = mg.cat([pooled, pooled.sort(dim=3)[0]], dim=1)
        loss = F.dropout(parts, 0.3).square().sum()
    trace = mg.trace(loss)
    assert trace.gradients[0]["check"]["verdict"] == "agrees"


def test_it_cannot_be_done_where_nothing_was_kept():
    a = mg.tensor([3.0], requires_grad=True)
    loss = a.square().sum()
    assert replay_of(loss)[0].check((0, 0), np.array([6.0])) is None


def test_what_cancels_leaves_roundings_and_no_difference():
    a = mg.tensor([3.0], requires_grad=True)
    with mg.Tape():
        loss = (a - a).sum()
    assert replay_of(loss, largest=1.0)[0].check((0, 0), np.array([1e-7], np.float32)).verdict == "agrees"
    assert replay_of(loss, largest=1.0)[0].check((0, 0), np.array([1e-4], np.float32)).verdict == "differs"
