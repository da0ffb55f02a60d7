"""Every way to ask for another dtype or device, as in PyTorch."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draw

METHODS = ["half", "float", "double", "short", "int", "long", "byte", "char", "bool"]


@pytest.mark.parametrize("name", METHODS)
def test_dtype_methods_are_torchs(torch, name):
    values = [0.0, 1.5, 3.0]
    ours, theirs = getattr(mg.tensor(values), name)(), getattr(torch.tensor(values), name)()
    assert (str(theirs.dtype), theirs.tolist()) == (f"torch.{ours.dtype}", ours.tolist())


def test_every_form_of_to_is_torchs():
    x = draw(2, 3)
    for call in (
        lambda lib, x: x.to(lib.float32).to(lib.float64),
        lambda lib, x: x.to("cpu"),
        lambda lib, x: x.to(lib.device("cpu")),
        lambda lib, x: x.to("cpu", lib.float64),
        lambda lib, x: x.to(lib.zeros(1, dtype=lib.float64)),
        lambda lib, x: x.to(device="cpu", dtype=lib.float64, non_blocking=True, copy=True),
        lambda lib, x: x.to("cpu", lib.float64, True),
        lambda lib, x: x.to(lib.float32, False, True),
        lambda lib, x: x.to(x, True, copy=True),
        lambda lib, x: x.to(lib.device("cpu"), dtype=lib.int32),
        lambda lib, x: x.type_as(lib.zeros(1, dtype=lib.float64)),
        lambda lib, x: x.type(lib.float64),
    ):
        agrees_with_torch(call, x, rtol=1e-6)


def test_nothing_is_copied_unless_something_changes_or_a_copy_is_asked_for():
    x = mg.zeros(3)
    assert x.to(mg.float32) is x and x.to("cpu") is x and x.float() is x and x.cpu() is x
    assert x.to(mg.float32, copy=True) is not x


def test_contiguous_is_x_itself_or_a_copy_in_order():
    x = mg.tensor(draw(2, 3), requires_grad=True)
    assert x.contiguous() is x and x.is_contiguous()
    turned = x.T
    assert not turned.is_contiguous() and turned.contiguous().is_contiguous()
    agrees_with_torch(lambda lib, x: x.T.contiguous().view(-1), draw(2, 3))


def test_the_gradient_comes_back_in_xs_own_dtype():
    x = mg.zeros(3, requires_grad=True)
    x.double().sum().backward()
    assert x.grad.dtype == mg.float32


def test_non_blocking_and_copy_may_be_told_by_their_places():
    x = mg.ones(2)
    assert x.to(mg.float32, True) is x and x.to(mg.float32, False, True) is not x


class Theirs:
    """A device of another library."""

    def __str__(self):
        return "cpu"


def test_a_device_may_be_that_of_another_library_or_numpys_number():
    x = mg.ones(2)
    assert x.to(Theirs()) is x and mg.zeros(2, device=Theirs()).device == x.device
    with pytest.raises(RuntimeError, match=r"^device 'cuda:99': "):
        x.to(np.int64(99))


def test_what_is_no_dtype_or_device_is_named():
    with pytest.raises(mg.DtypeError, match=r"^to: expected a dtype, .* or a device, .* got 'bogus'"):
        mg.ones(2).to("bogus")
    with pytest.raises(ValueError, match=r"^device: expected 'cpu', 'cuda' or 'cuda:N', got 'tpu'"):
        mg.ones(2).to(device="tpu")
