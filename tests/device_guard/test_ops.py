"""Every pair of `minigrad.ops`, on its spec's calls: what NumPy arrays give, device arrays give, as device arrays.

And without waiting: an op that asks the device for a number stops the host until all that was started is done.
"""

import functools

import numpy as np
import pytest

from minigrad.testing.falsify import drawn
from minigrad.testing.properties import same_on_gpu
from tests.device_guard.both import waits
from tests.minigrad.parity import inf_and_nan_without_warnings
from tests.minigrad.testing.specs import SPECS

pytestmark = inf_and_nan_without_warnings

CALLS = 4
WAITS = {
    "embedding.embedding": "indices out of range would wrap around in silence",
    "loss.cross_entropy": "so would labels",
    "loss.nll_loss": "so would labels",
}


@functools.cache
def calls(name):
    return drawn(SPECS[name].cases(), CALLS, seed=0)


@pytest.mark.parametrize("name", SPECS)
def test_a_pair_does_on_the_device_what_it_does_on_the_host(name):
    spec = SPECS[name]
    for case in calls(name):
        for dtype in (np.float64, np.float32):
            given = case.each(lambda array, dtype=dtype: array.astype(dtype) if array.dtype.kind == "f" else array)
            same_on_gpu(spec, spec.subject(), given)


@pytest.mark.parametrize("name", SPECS)
def test_a_pair_does_not_wait_for_the_device(name, cupy):
    spec = SPECS[name]
    subject = spec.subject()
    asked = False
    for case in calls(name):
        there = case.copied().each(cupy.asarray)
        with waits() as waited:
            outs, backward = subject.run(there)
            backward(tuple(cupy.ones_like(out) if out.dtype.kind == "f" else None for out in outs))
        asked = asked or bool(waited)
    assert asked == (name in WAITS)


@pytest.mark.parametrize("name", ["convolution.conv2d", "pooling.max_pool2d"])
def test_large_work_on_a_device_is_not_cut_for_threads(name, cupy, monkeypatch):
    monkeypatch.setattr("minigrad.threads._run", lambda *_: pytest.fail("a device's work was shared among threads"))
    spec = SPECS[name]
    x = cupy.asarray(np.random.default_rng(0).standard_normal((32, 4, 48, 48)))
    args = (x, x[:8, :, :5, :5], None) if name == "convolution.conv2d" else (x,)
    settings = {} if name == "convolution.conv2d" else {"kernel_size": 4, "stride": 1}
    out, cache = spec.forward(*args, **settings)
    spec.backward(out, cache)
