"""`minigrad.cuda`: what scripts ask of the GPU. Without one they ask in vain, in `tests/minigrad/test_cuda.py`."""

import gc

import numpy as np
import pytest

import minigrad as mg
from tests.device_guard.both import only_on_the_stand_in, waits
from tests.minigrad.parity import draw


def test_the_gpu_is_there_and_has_a_name():
    assert mg.cuda.is_available() and mg.cuda.device_count() >= 1
    name = mg.cuda.get_device_name()
    assert isinstance(name, str) and name == mg.cuda.get_device_name("cuda:0") == mg.cuda.get_device_name(0)
    major, minor = mg.cuda.get_device_capability()
    assert major >= 3 and minor >= 0
    free, total = mg.cuda.mem_get_info()
    assert 0 < free <= total
    told = mg.cuda.get_device_properties(0)
    assert (told.name, told.major, told.minor) == (name, major, minor)
    assert told.total_memory >= total and told.multi_processor_count > 0


def test_synchronize_waits_and_an_event_does_not():
    with waits() as waited:
        event = mg.cuda.Event()
        event.record()
    assert not waited
    with waits() as waited:
        mg.cuda.synchronize()
    assert len(waited) == 1


def test_events_take_the_time_of_what_is_between_them():
    start, end = (mg.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    mg.rand(64, 64, device="cuda") @ mg.rand(64, 64, device="cuda")
    end.record()
    end.synchronize()
    assert start.query() and end.query() and start.elapsed_time(end) > 0
    with pytest.raises(ValueError, match=r"^Event.elapsed_time: both events must be made with enable_timing=True\.$"):
        start.elapsed_time(mg.cuda.Event())


def test_memory_is_that_of_the_arrays_and_views_take_none():
    gc.collect()
    before = mg.cuda.memory_allocated()
    x = mg.zeros(1024, 1024, device="cuda")
    views = x.T, x[10:], x.detach()
    assert mg.cuda.memory_allocated() - before == 2**22
    del x
    assert mg.cuda.memory_allocated() > before
    del views
    assert mg.cuda.memory_allocated() == before <= mg.cuda.memory_reserved()
    mg.cuda.empty_cache()
    assert mg.cuda.memory_allocated() == before


def test_a_device_that_is_none_is_told():
    with pytest.raises(ValueError, match=r"^cuda.get_device_name: expected a GPU, such as 'cuda:0' or 0, got 'cpu'\.$"):
        mg.cuda.get_device_name("cpu")


def test_cuda_means_the_current_device(cupy, monkeypatch):
    mg.cuda.set_device(0)
    assert mg.cuda.current_device() == 0 and str(mg.device("cuda")) == "cuda:0"
    monkeypatch.setattr(cupy.cuda.runtime, "getDevice", lambda: 1)
    assert mg.device("cuda") == mg.device(1) and mg.device("cuda:0").index == 0


@only_on_the_stand_in
def test_a_device_that_is_set_is_used(cupy, monkeypatch):
    used = []
    monkeypatch.setattr(cupy.cuda.Device, "use", lambda device: used.append(device.id))
    mg.cuda.set_device("cuda:0")
    assert used == [0]


@pytest.mark.gpu
@pytest.mark.skipif(not mg.cuda.is_available(), reason="needs a GPU: then all tests of this folder run on it, too")
@pytest.mark.parametrize("cupy", ["gpu"], indirect=True)
def test_cupy_multiplies_float32_as_float32():
    """And not as TF32, which has 10 bits: that is asked for by CUPY_TF32=1."""
    x, y = (draw(256, 256, seed=i).astype(np.float32) for i in range(2))
    product = mg.tensor(x, device="cuda") @ mg.tensor(y, device="cuda")
    np.testing.assert_allclose(product.cpu().numpy(), x.astype(float) @ y, atol=1e-4)
