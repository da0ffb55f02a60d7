"""Convolution on a GPU: patches as columns of a matrix, made and added up by kernels, and products between the two.

It is the calculation of `ops.convolution`, without the care for a processor's cache: the patches of many output rows
are written out as one matrix (K, pixels), K = C kh kw and 1 more for the bias, and cuBLAS multiplies it.

    out = w @ patches        dw = dout @ patchesᵀ        dpatches = wᵀ @ dout

In memory the batch lies innermost, so threads side by side read and write numbers side by side. No thread adds to what
another one writes: in `_SPREAD` an image's element looks for the windows that saw it, and not they for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels.kernel import Kernel

BYTES = 2**30  # of patches at a time, so that 32 bits are enough to count their numbers

# Both are given a block: output rows first_row .. first_row + rows, of the images first_image .. first_image + count.
# Known to the compiler are the filters, KERNEL_HEIGHT x KERNEL_WIDTH, which move (DOWN, ACROSS) pixels at a time and
# whose elements lie (HOLE_DOWN, HOLE_ACROSS) apart; the images, HEIGHT x WIDTH of CHANNELS, around which there would be
# a border of zeros from (-TOP, -LEFT) on; and how many COLUMNS the output has.
_BLOCK = "int32 batch, int32 first_row, int32 rows, int32 first_image, int32 count"

# A thread copies what the window at pixel (h, v) of image n sees of channel c.
_PATCHES = Kernel(
    "patches",
    f"raw T images, {_BLOCK}",
    "raw T patches",
    """
    const unsigned int pixels = rows * COLUMNS * count;
    const unsigned int pixel = (unsigned int)i % pixels, c = (unsigned int)i / pixels;
    const int n = first_image + pixel % count, v = pixel / count % COLUMNS, h = first_row + pixel / count / COLUMNS;
    #pragma unroll
    for (int a = 0; a < KERNEL_HEIGHT; a++) {
        #pragma unroll
        for (int b = 0; b < KERNEL_WIDTH; b++) {
            const int y = h * DOWN + a * HOLE_DOWN - TOP, x = v * ACROSS + b * HOLE_ACROSS - LEFT;
            const bool inside = y >= 0 && y < HEIGHT && x >= 0 && x < WIDTH;
            const ptrdiff_t line = (c * KERNEL_HEIGHT + a) * KERNEL_WIDTH + b;
            const ptrdiff_t seen = ((ptrdiff_t)(c * HEIGHT + y) * WIDTH + x) * batch + n;
            patches[line * pixels + pixel] = inside ? images[seen] : T(0);
        }
    }
    if (c == 0) {
        patches[(ptrdiff_t)CHANNELS * KERNEL_HEIGHT * KERNEL_WIDTH * pixels + pixel] = T(1);
    }
    """,
)

# A thread adds up what an element (c, y, x) of image n gets from the windows of the block that saw it.
_SPREAD = Kernel(
    "spread",
    f"raw T dpatches, {_BLOCK}, int32 first_y, int32 seen",
    "raw T dimages",
    """
    const unsigned int pixels = rows * COLUMNS * count;
    unsigned int place = i;
    const int image = place % count;
    place /= count;
    const int x = place % WIDTH;
    place /= WIDTH;
    const int y = first_y + place % seen, c = place / seen;
    T sum = 0;
    #pragma unroll
    for (int a = 0; a < KERNEL_HEIGHT; a++) {
        const int above = y + TOP - a * HOLE_DOWN, h = above / DOWN - first_row;
        if (above < 0 || above % DOWN != 0 || h < 0 || h >= rows) continue;
        #pragma unroll
        for (int b = 0; b < KERNEL_WIDTH; b++) {
            const int before = x + LEFT - b * HOLE_ACROSS, v = before / ACROSS;
            if (before < 0 || before % ACROSS != 0 || v >= COLUMNS) continue;
            const ptrdiff_t line = (c * KERNEL_HEIGHT + a) * KERNEL_WIDTH + b;
            sum += dpatches[line * pixels + (h * COLUMNS + v) * count + image];
        }
    }
    dimages[((ptrdiff_t)(c * HEIGHT + y) * WIDTH + x) * batch + first_image + image] += sum;
    """,
)


def correlate(images: Array, filters: Array, bias: Array | None, geometry: Any, out: Array) -> None:
    """Write out (O, Ho, Wo, N) = filters (O, C, kh, kw) over images (C, H, W, N), plus bias (O,).

    geometry: that of `ops.convolution`, whose `sliding` are the constants above.
    """
    xp, number = array_module(images), len(filters)
    to_ones = xp.zeros(number, images.dtype) if bias is None else bias  # the weights of the patches' ones
    matrix = xp.concatenate([filters.reshape(number, -1), to_ones[:, None]], axis=1)
    for (rows, batch), patches in _blocks(images, out.shape, geometry.sliding):
        part = out[:, rows, :, batch]
        if part.flags.c_contiguous:
            xp.matmul(matrix, patches, out=part.reshape(number, -1))
        else:
            part[...] = xp.matmul(matrix, patches).reshape(part.shape)


def filter_gradient(images: Array, dout: Array, geometry: Any) -> tuple[Array, Array]:
    """dw (O, C, kh, kw) and db (O,), which belongs to the patches' ones."""
    xp, number, channels = array_module(images), len(dout), len(images)
    if dout.size == 0:  # no image, so no block
        return xp.zeros((number, channels, *geometry.kernel), images.dtype), xp.zeros(number, images.dtype)
    products = (
        dout[:, rows, :, batch].reshape(number, -1) @ patches.T
        for (rows, batch), patches in _blocks(images, dout.shape, geometry.sliding)
    )
    total = sum(products, start=next(products))
    return total[:, :-1].reshape(number, channels, *geometry.kernel), total[:, -1]


def spread(dout: Array, filters: Array, geometry: Any, dimages: Array) -> None:
    """Add to dimages (C, H, W, N) what the patches get."""
    number, (channels, height, width, batch) = len(filters), dimages.shape
    (down, across), (top, _) = geometry.stride, geometry.pads[0]
    span = geometry.dilation[0] * (geometry.kernel[0] - 1) + 1
    reverse = filters.reshape(number, -1).T
    for rows, images in _cuts(dout.shape, max(len(reverse), channels * down * across), dout.itemsize):
        block = dout[:, rows, :, images]
        dpatches = reverse @ block.reshape(number, -1)
        first_y = max(0, rows.start * down - top)
        seen = max(0, min(height, (rows.stop - 1) * down - top + span) - first_y)  # rows; none if all is border
        count = images.stop - images.start
        _SPREAD(
            dpatches, batch, rows.start, rows.stop - rows.start, images.start, count, first_y, seen, dimages,
            size=channels * seen * width * count, CHANNELS=channels, HEIGHT=height, WIDTH=width,
            COLUMNS=geometry.columns, **geometry.sliding,
        )  # fmt: skip


Block = tuple[slice, slice]  # output rows, and images


def _blocks(images: Array, out_shape: tuple[int, ...], sliding: dict[str, Any]) -> Iterator[tuple[Block, Array]]:
    """The blocks of the output, each with its patches (K, pixels)."""
    channels, height, width, batch = images.shape
    lines, columns = channels * sliding["KERNEL_HEIGHT"] * sliding["KERNEL_WIDTH"] + 1, out_shape[2]
    for rows, part in _cuts(out_shape, lines, images.itemsize):
        count = part.stop - part.start
        pixels = (rows.stop - rows.start) * columns * count
        patches = array_module(images).empty((lines, pixels), images.dtype)
        _PATCHES(
            images, batch, rows.start, rows.stop - rows.start, part.start, count, patches,
            size=channels * pixels, CHANNELS=channels, HEIGHT=height, WIDTH=width, COLUMNS=columns, **sliding,
        )  # fmt: skip
        yield (rows, part), patches


def _cuts(out_shape: tuple[int, ...], lines: int, itemsize: int) -> Iterator[Block]:
    """Cut the output into blocks whose patches, of so many lines, take BYTES at most: rows, or part of one's batch."""
    _, rows, columns, batch = out_shape
    pixels = max(1, BYTES // (lines * itemsize))
    step = max(1, pixels // max(1, columns * batch))
    images = max(1, min(batch, pixels // columns))
    for row in range(0, rows, step):
        for image in range(0, batch, images):
            yield slice(row, min(row + step, rows)), slice(image, min(image + images, batch))
