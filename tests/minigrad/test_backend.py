"""Whose array it is, where it lives, which dtype comes out, and that inf and nan come without NumPy's warnings."""

import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend


@pytest.mark.parametrize("array", [np.ones(2), np.float32(1), np.array(1.0)], ids=repr)
def test_numpys_arrays_and_scalars_live_on_the_cpu(array):
    assert backend.array_module(array) is np
    assert backend.device_of(array) == backend.CPU
    assert backend.to_device(array, backend.CPU) is array
    assert isinstance(backend.to_host(array), np.ndarray)


def test_scalars_and_numbers_are_no_arrays():
    assert backend.is_array(np.ones(())) and not backend.is_array(np.float32(1))
    assert not any(map(backend.is_array, (1.0, [1.0], None, mg.ones(1))))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cpu", "cpu"), (None, "cpu"), ("cpu:0", "cpu"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1")],
)
def test_devices_are_read_from_their_names(name, expected):
    read = mg.device(name)
    assert str(read) == expected and repr(read) == f"device('{expected}')"
    assert mg.device(read) is read and mg.device(expected) == read


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cuda:-1", "cuda:", "cuda:²", True])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(ValueError, match=r"^device: expected 'cpu', 'cuda' or 'cuda:N', got"):
        mg.device(name)


def test_a_cupy_that_is_broken_is_not_said_to_be_missing(tmp_path, monkeypatch):
    (tmp_path / "cupy.py").write_text("raise ImportError('libcublas.so.12: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    assert not mg.cuda.is_available()
    with pytest.raises(RuntimeError, match=r"^device 'cuda:0': CuPy is installed, but broken; `minigrad doctor`"):
        mg.ones(2).cuda()


@pytest.mark.skipif(backend.cuda_available(), reason="is about machines without a GPU")
def test_without_a_gpu_a_move_there_says_what_is_missing():
    with pytest.raises(
        RuntimeError, match=r"^device 'cuda:0': CuPy is (not installed. Install it with|installed, but)"
    ):
        mg.ones(2).to("cuda")


@pytest.mark.parametrize("other", ["bool", "uint8", "int64", "float16", "float32", "float64"])
def test_promotion_does_not_depend_on_the_order(other):
    for dtype in map(np.dtype, ("bool", "int8", "int32", "float16", "float32")):
        assert backend.promote_types(dtype, np.dtype(other)) == backend.promote_types(np.dtype(other), dtype)


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        ((np.ones(2, np.float32), np.ones(2, np.int64)), "float32"),
        ((np.ones(2, np.float16), np.ones(2, np.int64)), "float16"),
        ((np.ones(2, np.float32), np.ones((), np.float64)), "float32"),
        ((np.ones(2, np.int64), np.ones((), np.float64)), "float64"),
        ((np.ones(2, np.int64), np.float64(1)), "float64"),
        ((np.ones(2, np.uint8), 3), "uint8"),
        ((np.ones(2, np.uint8), 3.0), "float32"),
        ((np.ones(2, bool), 3), "int64"),
        ((np.ones((), np.float64), 3.0), "float64"),
        ((np.ones(2, np.uint8), np.ones(2, np.int8)), "int16"),
        ((2, 3.0), "float32"),
        ((True, 3), "int64"),
    ],
    ids=str,
)
def test_arrays_with_axes_decide_the_dtype_unless_another_kind_is_higher(operands, expected):
    assert backend.result_type(*operands) == backend.result_type(*reversed(operands)) == expected


def test_the_errors_are_those_of_numpy_and_of_torch():
    assert issubclass(mg.ShapeError, ValueError) and issubclass(mg.ShapeError, RuntimeError)
    assert issubclass(mg.DtypeError, TypeError) and issubclass(mg.DtypeError, RuntimeError)


def test_inf_and_nan_come_without_warnings_but_the_users_own_arrays_still_warn():
    script = """
import numpy as np, minigrad as mg
x = mg.tensor([0.0, -1.0], requires_grad=True)
(mg.log(x) + 1 / x + mg.sqrt(x) + mg.exp(x * -1e4)).sum().backward()
mg.zeros(0).mean(), mg.log(mg.tensor(0.0)), 1 / mg.tensor(0.0)
print("silent")
np.log(np.zeros(1))
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout == "silent\n"
    assert (
        run.stderr.count("RuntimeWarning") == run.stderr.count("RuntimeWarning: divide by zero encountered in log") == 1
    )


def test_a_device_may_be_given_in_two_parts_or_as_a_number():
    assert mg.device("cuda", 1) == mg.device("cuda:1") == mg.device(1) == mg.device(type="cuda", index=1)
    assert mg.device(np.int64(1)) == mg.device(1)


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_finfo_and_iinfo_are_torchs(torch, name):
    ours, theirs = mg.finfo(getattr(mg, name)), torch.finfo(getattr(torch, name))
    assert (float(ours.eps), float(ours.max), ours.bits) == (theirs.eps, theirs.max, theirs.bits)
    assert mg.iinfo(mg.int8).max == torch.iinfo(torch.int8).max
    for ask, dtype in ((mg.finfo, mg.int8), (mg.iinfo, mg.float32)):
        with pytest.raises(mg.DtypeError, match=r"^[fi]info: expected an? (floating-point|integer) type"):
            ask(dtype)


def test_sums_of_inf_and_nan_are_silent():
    subprocess.run(
        [sys.executable, "-W", "error", "-c", "import minigrad as mg; mg.tensor([mg.inf, -mg.inf]).sum()"], check=True
    )
