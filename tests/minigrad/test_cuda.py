"""`minigrad.cuda` without a GPU: what can be answered is, the rest says what is missing. With one: `device_guard`."""

import pytest

import minigrad as mg
from minigrad import cuda

pytestmark = pytest.mark.skipif(cuda.is_available(), reason="is about machines without a GPU")


def test_scripts_that_ask_for_a_gpu_go_on():
    assert not cuda.is_available() and cuda.device_count() == 0
    assert cuda.memory_allocated() == cuda.memory_reserved() == 0
    cuda.synchronize()
    cuda.empty_cache()


def test_the_seed_is_that_of_all_devices():
    cuda.manual_seed_all(3)
    first = mg.rand(2).tolist()
    mg.manual_seed(3)
    assert mg.rand(2).tolist() == first


@pytest.mark.parametrize(
    "name",
    [
        "current_device",
        "set_device",
        "get_device_name",
        "get_device_capability",
        "get_device_properties",
        "mem_get_info",
        "Event",
    ],
)
def test_what_has_no_answer_says_what_is_missing(name):
    with pytest.raises(
        RuntimeError, match=rf"^cuda\.{name}: CuPy is (not installed\. Install it|installed, but it sees)"
    ):
        getattr(cuda, name)(*([0] if name == "set_device" else []))
