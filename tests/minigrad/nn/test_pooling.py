"""Pooling as modules: PyTorch's texts; what comes of indices."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from tests.minigrad.parity import agrees_with_torch, draw

TEXTS = [
    "MaxPool2d(2)",
    "MaxPool2d((3, 2), 1, 1, 2, ceil_mode=True)",
    "AvgPool2d(3, padding=1)",
    "AdaptiveAvgPool2d(2)",
    "MaxPool1d(2)",
    "MaxPool1d((3,), 1, 1, 2, ceil_mode=True)",
    "AvgPool1d(3, padding=1)",
    "AvgPool1d((3,), 2)",
    "AdaptiveAvgPool1d((2,))",
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


@pytest.mark.parametrize(
    "call",
    [
        lambda F, x: F.max_pool1d(x, 3, 2, 1),
        lambda F, x: F.max_pool1d(x, 2, ceil_mode=True, return_indices=True),
        lambda F, x: F.avg_pool1d(x, 3, 2, 1),
        lambda F, x: F.avg_pool1d(x, 3, None, 1, True, False),
        lambda F, x: F.adaptive_avg_pool1d(x, 3),
        lambda F, x: F.adaptive_avg_pool1d(x, 9),
    ],
)
@pytest.mark.parametrize("shape", [(2, 3, 7), (3, 7), (0, 3, 7), (1, 1, 3)], ids=str)
def test_sequences_are_pooled_as_pytorchs(call, shape):
    agrees_with_torch(lambda lib, x: call(lib.nn.functional, x), draw(*shape))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.max_pool1d(mg.ones(3), 2), r"max_pool1d: expected \(N, C, L\) or \(C, L\), got \(3,\)"),
        (lambda: F.avg_pool1d(mg.ones(1, 2, 3, 4), 2), r"avg_pool1d: expected \(N, C, L\)"),
        (lambda: F.adaptive_avg_pool1d(mg.ones(()), 2), r"adaptive_avg_pool1d: expected \(N, C, L\)"),
        (lambda: F.max_pool1d(mg.ones(2, 3), (2, 2)), r"max_pool1d: kernel_size must be an int, or one in a tuple"),
        (lambda: nn.AvgPool1d(2, stride=(1, 1))(mg.ones(2, 3)), r"avg_pool1d: stride must be an int, or one in a"),
        (lambda: F.max_pool1d(mg.ones(2, 3), 4), r"a window of kernel_size \(1, 4\), .* \(1 x 3, padding \(0, 0\)\)"),
        (lambda: F.max_pool1d([[1.0, 2.0]], 2), r"max_pool1d: .*list"),
    ],
)
def test_what_is_no_sequence_is_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()
