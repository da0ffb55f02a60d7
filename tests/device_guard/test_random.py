"""Random numbers are the same on the device as on the host, and from a seed, whatever was drawn there before."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.kernels import random as kernels
from tests.device_guard.arrays import launches
from tests.device_guard.both import only_on_the_stand_in, waits


def drawn(device, seed, draws):
    """What some draws gave, and what comes next on the host."""
    mg.manual_seed(seed)
    given = [draw(device).cpu().numpy() for draw in draws]
    return [*given, mg.rand(3).numpy(), mg.rand(3, dtype=mg.float64).numpy(), mg.randperm(5).numpy()]


def rand(*shape, dtype=None):
    return lambda device: mg.rand(*shape, dtype=dtype, device=device)


def dropout(*shape, p=0.3):
    return lambda device: F.dropout(mg.ones(*shape, device=device), p)


DRAWS = {
    "an even number": [rand(2, 4)],
    "odd numbers": [rand(3), rand(5), rand(1), rand(1), rand(7, 3)],
    "doubles": [rand(3, dtype=mg.float64), rand(1, dtype=mg.float64)],
    "a half waits while doubles come": [
        rand(1),
        rand(2, dtype=mg.float64),
        rand(2),
        rand(1, dtype=mg.float64),
        rand(1),
    ],
    "none": [rand(0), rand(1), rand(2, 0), rand(3)],
    "halves": [rand(5, dtype=mg.float16)],
    "masks": [dropout(3, 5), dropout(1, p=0.9), lambda device: F.dropout2d(mg.ones(2, 3, 4, 4, device=device), 0.5)],
    "others": [rand(1), lambda device: mg.randn(3, device=device), lambda device: mg.randint(9, (3,), device=device)],
}


@pytest.mark.parametrize("threads", [1, 2, 3, 2**17])
@pytest.mark.parametrize("name", DRAWS)
def test_the_numbers_are_the_hosts(name, threads, monkeypatch):
    monkeypatch.setattr(kernels, "THREADS", threads)
    for seed in (0, 1):
        for there, here in zip(drawn("cuda", seed, DRAWS[name]), drawn("cpu", seed, DRAWS[name]), strict=True):
            np.testing.assert_array_equal(there, here, strict=True)


def test_there_are_many_of_them_and_all_differ_from_thread_to_thread(monkeypatch):
    monkeypatch.setattr(kernels, "THREADS", 1000)
    for one, other in zip(drawn("cuda", 7, [rand(5003)]), drawn("cpu", 7, [rand(5003)]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_stream_of_ones_own():
    for make in (np.random.PCG64, np.random.MT19937):  # another kind is drawn from on the host
        here, there = (np.random.Generator(make(3)) for _ in range(2))
        expected = mg.rand(5, generator=here).numpy()
        np.testing.assert_array_equal(mg.rand(5, generator=there, device="cuda").cpu().numpy(), expected)
        assert here.random() == there.random()


def test_a_mask_is_made_on_the_device():
    x = mg.ones(64, 100, device="cuda", requires_grad=True)
    with waits() as waited:
        F.dropout(x).sum().backward()
    assert not waited


@only_on_the_stand_in
def test_how_many_launches_a_mask_takes():
    x = mg.ones(64, 100, device="cuda")
    with launches() as started:
        F.dropout(x)
    assert started == ["minigrad_uniform", "greater_equal", "astype", "multiply", "multiply"]
