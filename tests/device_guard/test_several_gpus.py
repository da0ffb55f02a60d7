"""More than one GPU: work is done on the current one, and what is elsewhere is one clear error, or can be moved."""

import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from tests.device_guard.both import only_on_the_stand_in

pytestmark = only_on_the_stand_in


def clear_error(text):
    return pytest.raises(mg.DeviceError, match=f"^{re.escape(text)}")


@pytest.mark.parametrize(
    "make",
    [
        lambda device: mg.tensor([1.0], device=device),
        lambda device: mg.ones(2).to(device),
        lambda device: mg.rand(2, device=device),
        lambda device: nn.Linear(2, 3).to(device),
    ],
)
def test_tensors_are_put_on_the_current_gpu_alone(make):
    with clear_error("device 'cuda:1': work is done on the current GPU, 'cuda:0'. Choose the other one first, with "
                     "mg.cuda.set_device(1)."):  # fmt: skip
        make("cuda:1")
    for put, where in ((make, "device 'cuda:2'"), (mg.cuda.set_device, "cuda.set_device")):
        text = f"{where}: there is no GPU 2 on this machine; it has 2, counted from 0."
        with pytest.raises(RuntimeError, match=re.escape(text)):
            put("cuda:2")
    mg.cuda.set_device(1)
    made = make("cuda:1")
    assert {str(one.device) for one in (made.parameters() if isinstance(made, nn.Module) else [made])} == {"cuda:1"}


def test_a_network_trains_on_the_second():
    losses = []
    for gpu in (0, 1):
        mg.cuda.set_device(gpu)
        mg.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4)).to("cuda")
        rule = optim.Adam(net.parameters())
        x, y = mg.rand(3, 1, 6, 8, device="cuda"), mg.tensor([0, 1, 3], device="cuda")
        for _ in range(3):
            rule.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            rule.step()
        losses.append(loss.item())
        assert {str(p.grad.device) for p in net.parameters()} == {f"cuda:{gpu}"}
    assert losses[0] == losses[1]


OPS = {
    "exp": lambda x: x.exp(),
    "matmul": lambda x: x @ x,
    "linear": lambda x: F.linear(x, x),
    "sum": lambda x: x.sum(),
    "softmax": lambda x: x.softmax(0),
    "cat": lambda x: mg.cat([x, x]),
}


@pytest.mark.parametrize("name", OPS)
def test_an_op_on_what_is_elsewhere_is_one_clear_error(name):
    x = mg.ones(3, 3, device="cuda")
    mg.cuda.set_device(1)
    with clear_error(f"{name}: its tensors are on 'cuda:0', and work is done on the current GPU, 'cuda:1'. Go there "
                     "with mg.cuda.set_device(0), or move them, as in x.to('cuda')."):  # fmt: skip
        OPS[name](x)
    mg.cuda.set_device(0)
    OPS[name](x)


def test_tensors_of_two_gpus_do_not_meet():
    x = mg.ones(3, device="cuda")
    mg.cuda.set_device(1)
    with clear_error("add: all tensors must be on one device, got float32 (3,) on cuda:0, float32 (3,) on cuda:1."):
        x + mg.ones(3, device="cuda")


def test_what_is_elsewhere_can_be_moved_and_looked_at(cupy):
    x = mg.arange(3.0, device="cuda")
    mg.cuda.set_device(1)
    moved = x.to("cuda")
    assert str(moved.device) == "cuda:1" and (moved + 1).tolist() == [1, 2, 3]
    assert x.tolist() == [0, 1, 2] and x.cpu().sum().item() == 3 and "cuda:0" in repr(x)
    np.testing.assert_array_equal(x.to("cuda:0").array.get(), [0, 1, 2])


def test_what_a_rank_made_before_it_took_its_gpu_is_elsewhere(monkeypatch):
    x = mg.ones(3, device="cuda")
    monkeypatch.setattr("minigrad.distributed.gpus.get_node_local_rank", lambda: 3)
    assert str(mg.distributed.own_gpu()) == str(mg.ones(1, device="cuda").device) == "cuda:1"
    with clear_error("matmul: its tensors are on 'cuda:0', and work is done on the current GPU, 'cuda:1'."):
        x @ x  # CuPy would hand it to cuBLAS without a word


def test_nothing_reaches_into_another_gpus_memory_in_silence():
    net = nn.Linear(3, 2).to("cuda")
    net(mg.ones(2, 3, device="cuda")).sum().backward()
    mg.cuda.set_device(1)
    with pytest.raises(RuntimeWarning, match="The device where the array resides"):
        optim.SGD(net.parameters()).step()


def test_cupys_warning_of_it_is_an_error_although_numpys_warnings_are_not_shown():
    """In a process of its own, since here every warning is an error."""
    program = """
import warnings, minigrad
for text in ("divide by zero", "The device where the array resides (0) is different from the current device (1)."):
    exec("warnings.warn(text, RuntimeWarning)", {"__name__": "minigrad.ops", "warnings": warnings, "text": text})
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1 and ended.stderr.splitlines()[-1].startswith("RuntimeWarning: The device where")
