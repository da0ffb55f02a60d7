"""The slope that is measured is that of the whole rest of the forward pass."""

import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.teach.names import scopes_at
from minigrad.teach.rows import read
from minigrad.teach.trace.replay import Replay


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


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x * 3).half().exp().float(),
        lambda x: x.double().float() * x,
        lambda x: (x * 1e-8).log(),
        lambda x: (x * 1e-9).sqrt(),
        lambda x: 1 / (x * 1e-7),
        lambda x: x.double() + 1e8,
    ],
    ids=["half", "to float32 and back", "log", "sqrt", "reciprocal", "a large sum"],
)
def test_roundings_casts_and_small_numbers_are_no_differences(function):
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with mg.Tape():
        loss = function(x).sum()
    trace = mg.trace(loss)
    found = [check for step in trace.steps for check in step["checks"]] + [trace.gradients[0]["check"]]
    assert {one["verdict"] for one in found} == {"agrees"}, found
    scaled = mg.differentiable(lambda x: (x, None), lambda dout, _: dout * 1.05, name="scaled")
    with mg.Tape():
        loss = function(scaled(x)).sum()
    check = mg.trace(loss).gradients[0]["check"]  # None beside gradients so large that their roundings could be it
    assert check is None or check["verdict"] == "differs"


def test_where_roundings_are_all_that_can_be_seen_nothing_is_said():
    x = mg.tensor([1.0], requires_grad=True)
    with mg.Tape():
        loss = ((x.double() + 1e14) - 1e14).sum()
    assert mg.trace(loss).gradients[0]["check"] is None


def test_a_forward_that_does_not_repeat_is_not_measured_through():
    random = np.random.default_rng(0)

    def drop_forward(x):
        mask = random.random(x.shape, x.dtype) > 0.5
        return x * mask, mask

    drop = mg.differentiable(drop_forward, lambda dout, mask: dout * mask)
    x = mg.ones(20, requires_grad=True)
    with mg.Tape():
        loss = drop(x * x).sum() + (x * 3).sum()
    trace = mg.trace(loss)
    assert trace.gradients[0]["check"] is None
    assert [bool(step["checks"][0]) for step in trace.steps if step["op"] in ("drop", "sum")] == [True, True, True]


@pytest.mark.parametrize(("slope", "verdict"), [(6.0, "agrees"), (5.0, "differs")])
def test_a_function_is_run_again_on_other_arrays(slope, verdict):
    class Cube(mg.autograd.Function):
        @staticmethod
        def forward(ctx, factor, x):
            ctx.save_for_backward(x)
            return factor * x**3

        @staticmethod
        def backward(ctx, dout):
            return None, dout * slope * ctx.saved_tensors[0] ** 2

    x = mg.tensor(2.0, requires_grad=True)
    with mg.Tape():
        loss = Cube.apply(2.0, x * x)
    assert mg.trace(loss).steps[1]["checks"][0] is not None
    assert mg.trace(loss).gradients[0]["check"]["verdict"] == verdict
    loss.backward()
    assert x.grad.item() == slope * 16 * 4
