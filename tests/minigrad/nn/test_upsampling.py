"""Images in another size: PyTorch's texts, sizes and answers, and what is refused."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from tests.minigrad.parity import agrees_with_torch, draw

TEXTS = [
    "Upsample(scale_factor=2)",
    "Upsample((4, 5), mode='bilinear', align_corners=True)",
    "Upsample(scale_factor=(2, 1.5), mode='bilinear')",
    "PixelShuffle(2)",
    "PixelUnshuffle(3)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_modules_look_like_pytorchs(text):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    assert repr(eval(f"nn.{text}", {"nn": nn})) == repr(eval(f"torch.nn.{text}", {"torch": torch}))


@pytest.mark.parametrize("mode", [{}, {"mode": "bilinear"}, {"mode": "bilinear", "align_corners": True}], ids=str)
@pytest.mark.parametrize("recompute", [None, True])
@pytest.mark.parametrize("factor", [2, 0.5, 1.7, (3, 0.4)])
def test_scale_factors_are_rounded_as_pytorchs(mode, recompute, factor):
    agrees_with_torch(
        lambda lib, x: lib.nn.functional.interpolate(x, scale_factor=factor, recompute_scale_factor=recompute, **mode),
        draw(2, 3, 5, 7),
    )


@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 3, 1), (1, 1, 6)], ids=str)
@pytest.mark.parametrize("settings", [{}, {"mode": "linear"}, {"mode": "linear", "align_corners": True}], ids=str)
def test_sequences_are_images_of_one_row(shape, settings):
    for size in ({"size": 8}, {"size": (3,)}, {"scale_factor": 2.5}):
        agrees_with_torch(lambda lib, x, size=size: lib.nn.functional.interpolate(x, **size, **settings), draw(*shape))


@pytest.mark.parametrize("shape", [(2, 8, 3, 2), (4, 3, 2), (2, 1, 4, 3, 2)], ids=str)
def test_pixels_are_shuffled_as_pytorchs_and_back(shape):
    agrees_with_torch(lambda lib, x: lib.nn.functional.pixel_shuffle(x, 2), draw(*shape))
    agrees_with_torch(
        lambda lib, x: lib.nn.functional.pixel_unshuffle(x, 2), draw(*shape[:-2], 2 * shape[-2], 2 * shape[-1])
    )


@pytest.mark.parametrize("batch", [0, 2])
def test_shuffled_and_back_they_are_the_same(batch):
    x = mg.rand(batch, 8, 3, 2, requires_grad=True)
    back = F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2)
    back.backward(x.detach())
    assert back.shape == x.shape and (back == x).all() and (x.grad == x).all()


IMAGES = mg.ones(1, 4, 3, 5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: F.interpolate(IMAGES, 2, mode="bicubic"),
            "mode must be nearest, linear .* got 'bicubic'",
        ),
        (lambda: F.interpolate(IMAGES, 2, mode="linear"), r".* or bilinear for \(N, C, H, W\), got 'linear'"),
        (lambda: F.interpolate(IMAGES[0], 2, mode="bilinear"), r".* linear for \(N, C, L\), .* got 'bilinear'"),
        (lambda: F.interpolate(IMAGES[0, 0], 2), r"expected \(N, C, H, W\) or \(N, C, L\), got \(3, 5\)"),
        (lambda: F.interpolate(IMAGES), "give either size or scale_factor, got None and None"),
        (lambda: F.interpolate(IMAGES, 2, 2), "give either size or scale_factor, got 2 and 2"),
        (lambda: F.interpolate(IMAGES, (2, 2, 2)), r"size must be a number above 0, or 2 of them, got \(2, 2, 2\)"),
        (lambda: F.interpolate(IMAGES, 0), "size must be a number above 0, or 2 of them, got 0"),
        (lambda: F.interpolate(IMAGES, scale_factor=-1), "scale_factor must be a number above 0"),
        (lambda: F.interpolate(IMAGES, scale_factor=0.2), r"size must be at least 1, got \(0, 1\)"),
        (lambda: F.interpolate(IMAGES, 2.5), r"size must be an int or a tuple of ints, got \(2.5, 2.5\)"),
        (lambda: F.interpolate(IMAGES, "2"), "size must be a number above 0, or 2 of them, got '2'"),
        (lambda: F.interpolate(IMAGES, 2, align_corners=False), "align_corners is for linear and bilinear"),
        (lambda: F.interpolate([1.0], 2), ".*list"),
    ],
)
def test_what_cannot_be_resized_is_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=f"^interpolate: {text}"):
        call()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.pixel_shuffle(IMAGES, 3), "pixel_shuffle: upscale_factor² must divide the channels, got 3 for 4"),
        (lambda: F.pixel_shuffle(IMAGES[0, 0], 2), r"pixel_shuffle: expected \(..., C, H, W\), got \(3, 5\)"),
        (lambda: F.pixel_shuffle(IMAGES, 0), "pixel_shuffle: upscale_factor² must divide the channels, got 0"),
        (lambda: F.pixel_unshuffle(IMAGES, 2), "pixel_unshuffle: downscale_factor must divide .* got 2 for 3 x 5"),
    ],
)
def test_pixels_that_cannot_be_shuffled_are_refused(call, text):
    with pytest.raises(ValueError, match=f"^{text}"):
        call()
