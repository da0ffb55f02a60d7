"""Pooling as modules: PyTorch's texts; what comes of indices."""

import pytest

import minigrad as mg
from minigrad import nn

TEXTS = [
    "MaxPool2d(2)",
    "MaxPool2d((3, 2), 1, 1, 2, ceil_mode=True)",
    "AvgPool2d(3, padding=1)",
    "AdaptiveAvgPool2d(2)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_modules_look_like_pytorchs(text):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    assert repr(eval(f"nn.{text}", {"nn": nn})) == repr(eval(f"torch.nn.{text}", {"torch": torch}))


def test_indices_come_with_the_maxima_and_have_no_gradient():
    x = mg.tensor([[[[1.0, 5.0], [2.0, 3.0]]]], requires_grad=True)
    largest, places = nn.MaxPool2d(2, return_indices=True)(x)
    assert (largest.item(), places.item(), places.dtype, places.requires_grad) == (5, 1, mg.int64, False)
    largest.backward()
    assert x.grad.tolist() == [[[[0, 1], [0, 0]]]]
