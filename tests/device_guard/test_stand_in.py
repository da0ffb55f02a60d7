"""The stand-in itself: what CuPy refuses it refuses, what CuPy gives it gives. A stray NumPy call is noticed."""

import importlib.util
import json
import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
from tests.device_guard import arrays
from tests.device_guard.arrays import NAMES, SilentlyDifferent, launches, ndarray
from tests.device_guard.both import only_on_the_stand_in, waits

pytestmark = only_on_the_stand_in


@pytest.fixture
def x(cupy):
    return cupy.asarray(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


STRAY = {
    "np.exp(x)": "ufunc",
    "np.sum(x)": "numpy.sum was called",
    "np.zeros((2, 3)) + x": "Unsupported type",
    "x * np.ones(3)": "Unsupported type",
    "np.concatenate([x, x])": "numpy.concatenate was called",
    "np.asarray(x)": "Implicit conversion to a NumPy array is not allowed",
    "np.zeros(2)[x]": "Implicit conversion",
    "cupy.where(np.array([True]), x, 0)": "Unsupported type",
    "cupy.maximum(x, np.ones(3))": "Unsupported type",
    "cupy.stack([x, np.zeros((2, 3))])": "Unsupported type",
    "x.sum(where=x > 2)": "unexpected keyword argument 'where'",
    "x.max(initial=0)": "unexpected keyword argument 'initial'",
    "cupy.exp(x, where=x > 2)": "Wrong arguments",
    "x.__setitem__(0, np.zeros(3))": "Unsupported type",
    "cupy.exp([1.0])": "Unsupported type",
    "x.astype('int64').scatter_add(np.array([0]), 1)": "only supports",
    "cupy.isnan(cupy.errstate)": "has no attribute 'errstate'",
    "x.itemset(0)": "no attribute 'itemset'",
    "x.flags.writeable": "no attribute 'writeable'",
    "x[x > 1, np.array([0])]": "one boolean array",
}


@pytest.mark.parametrize("text", STRAY)
def test_a_stray_call_is_refused(text, x, cupy):
    with pytest.raises((TypeError, AttributeError, ValueError, IndexError), match=re.escape(STRAY[text])):
        eval(text, {"np": np, "cupy": cupy, "x": x})


@pytest.mark.parametrize(
    "text",
    ["x.sum()", "x[0, 0]", "x[0, 0] + 1", "np.float64(2) * x[0, 0]", "x[0][1] ** 2", "cupy.add(1, 2)", "-x.max()"],
)
def test_what_would_be_a_scalar_is_an_array(text, x, cupy):
    result = eval(text, {"np": np, "cupy": cupy, "x": x})
    assert isinstance(result, ndarray) and result.shape == ()


@pytest.mark.parametrize(
    "text", ["float(x.sum())", "int(x[0, 0])", "bool(x.any())", "x.tolist()", "x[x > 2]", "repr(x)", "x.get()"]
)
def test_what_waits_for_the_device_is_counted(text, x):
    with waits() as waited:
        eval(text, {"x": x})
    assert waited


def test_what_does_not_wait_is_not_counted(x, cupy):
    with waits() as waited:
        cupy.where(x > 2, x, 0)[1:, None].sum(axis=0, keepdims=True)
    assert not waited


def test_what_is_started_on_the_device_is_counted(x, cupy):
    with launches() as started:
        cupy.ascontiguousarray(x)[1:, None].reshape(3).astype(float, copy=False)  # views
        cupy.result_type(x, cupy.empty_like(x))
    assert not started
    with launches() as started:
        x.T.reshape(-1).sum()
        x[0] = cupy.maximum(x[0], 1, out=x[1])
        (x.astype(int) @ x.T).fill(0)
    assert started == ["reshape", "sum", "maximum", "setitem", "astype", "matmul", "fill"]


def test_memory_that_nobody_wrote_to_is_of_no_use(x, cupy):
    assert np.isnan(cupy.empty((2, 3)).get()).all() and np.isnan(cupy.empty_like(x.T).get()).all()
    assert (cupy.empty(3, np.uint8).get() == 255).all()


def test_views_share_memory_and_know_their_base(x, cupy):
    view = x.T[1:]
    view[...] = 0
    assert view.base is x and x.get().tolist() == [[1, 0, 0], [4, 0, 0]]
    assert x.base is None and (x + 1).base is None
    cupy.broadcast_to(x[0], (4, 3))[2] = 7  # CuPy does not protect it
    assert x.get()[0].tolist() == [7, 7, 7]


def test_a_result_lies_row_by_row_whatever_its_inputs_do(x, cupy):
    for result in (x.T + 1, cupy.exp(x.T), cupy.where(x.T > 1, x.T, 0)):
        assert result.flags.c_contiguous
    there = cupy.asarray(np.zeros((2, 3, 4)).transpose(1, 0, 2))
    assert there.flags.c_contiguous and cupy.asarray(np.zeros((2, 3)).T).flags.f_contiguous
    assert cupy.empty_like(x.T).flags.f_contiguous and (x.T + 1).T.tolist() == (x + 1).tolist()


def test_what_would_go_wrong_in_silence_is_an_error_of_its_own(x):
    with pytest.raises(SilentlyDifferent, match="wraps indices around"):
        x[np.array([0, 2])]


def test_an_ufunc_whose_result_has_another_dtype_in_cupy_is_noticed(x, monkeypatch):
    ufunc = arrays.Ufunc("exp", "f->f d->f")
    with pytest.raises(SilentlyDifferent, match=r"CuPy's exp of .* gives f"):
        ufunc(x)


@pytest.mark.skipif(
    importlib.util.find_spec("cupy_backends") is None, reason="compares with CuPy (needs a GPU to be of use)"
)
def test_the_names_are_those_of_the_installed_cupy():
    script = "import cupy, json; from tests.device_guard import make_names; print(json.dumps(make_names.names(cupy)))"
    real = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    if real["version"] != NAMES["version"]:
        pytest.skip(f"needs a GPU's CuPy {NAMES['version']}, there is {real['version']}: run make_names")
    assert real == NAMES


def test_a_library_finds_it_where_it_looks_for_cupy():
    assert mg.cuda.is_available() and mg.cuda.device_count() == 2
    assert str(mg.ones(2, device="cuda").device) == "cuda:0"


def test_work_is_done_on_the_current_gpu(x, cupy):
    with cupy.cuda.Device(1):
        there = cupy.ones(3)
        assert there.device.id == there[1:].device.id == 1
        for work in (lambda: x + there, lambda: cupy.exp(x), lambda: x.sum(), lambda: x[x.argmax()], lambda: x.max()):
            with pytest.raises(arrays.PerformanceWarning, match=r"resides \(0\) is different from the current device"):
                work()
        with pytest.raises(SilentlyDifferent):
            x @ x.T
        assert x[0].T.device.id == 0 and x.copy().device.id == 1 and x.get().sum() == 21
    assert (x + 1).device.id == 0
