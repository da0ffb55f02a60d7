"""Convolution on a GPU, straight from its sums: a thread holds a few of them in registers, and nothing is laid out.

    out[o, h, v] = b[o] + Σ w[o, c, a, b] x[c, h + a, v + b]      `correlate`
    dx[c, y, x]  =        Σ w[o, c, a, b] dout[o, y - a, x - b]   `spread`
    dw[o, c, a, b] =      Σ dout[o, h, v] x[c, h + a, v + b]      `filter_gradient`

(for stride 1 and no border). Patches, as the host lays them out, would be written and read back from memory kh kw times
as large as the image, and a GPU does some sixty sums in the time in which it fetches one number. So what was fetched
should be used often: the first two kernels have the same lines, in which a number of a row is used for several filters
and, as the window slides, for several pixels; in the third for several filters and places of the window.

In memory the batch lies innermost, so threads side by side read and write numbers side by side, and use the same
weights. No thread adds to what another one writes.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels.kernel import Kernel

MOST_SUMS = 64  # that a thread holds
THREADS = 2**17  # among which the sums of `filter_gradient` are shared, each a part
WARP = 32  # threads that take each step together

# Known to the compiler are the filters, KERNEL_HEIGHT x KERNEL_WIDTH, which move (DOWN, ACROSS) pixels at a time and
# whose elements lie (HOLE_DOWN, HOLE_ACROSS) apart; where there would be a border of zeros around the images, from
# (-TOP, -LEFT) on; and how many sums a thread has, those of FILTERS filters at PIXELS pixels of a row. Sizes of images
# are arguments: few divisions need them.

# A thread has image n, FILTERS of the results from r on, and PIXELS pixels of their row h. It goes along the rows that
# these look at, in all sources of their group: it fetches SPAN numbers from column `first` on, and pixel p finds what
# meets place b of the filter among them, at meets(p, b). sources, results: how many a group has.
_LINES = """
    const int pieces = (columns + SHIFT + PIXELS - 1) / PIXELS;
    const unsigned place = i >> 31 ? i / batch : (unsigned) i / batch;
    const int n = i - (ptrdiff_t) place * batch;
    const int piece = place % pieces, h = place / pieces % rows, r = place / pieces / rows * FILTERS;
    const int group = r / results;
    T sums[FILTERS][PIXELS];
    #pragma unroll
    for (int f = 0; f < FILTERS; f++) {
        #pragma unroll
        for (int p = 0; p < PIXELS; p++) sums[f][p] = BIAS ? bias[r + f] : T(0);
    }
    for (int s = group * sources; s < (group + 1) * sources; s++) {
        for (int a = 0; a < KERNEL_HEIGHT; a++) {
            const int row = row_at(h, a), first = first_column(piece);
            if (row < 0 || row >= height) continue;
            const ptrdiff_t line = (ptrdiff_t) (s * height + row) * width;
            T seen[SPAN];
            #pragma unroll
            for (int j = 0; j < SPAN; j++) {
                const bool inside = first + j >= 0 && first + j < width;
                seen[j] = inside ? source[(line + first + j) * batch + n] : T(0);
            }
            #pragma unroll
            for (int b = 0; b < KERNEL_WIDTH; b++) {
                const ptrdiff_t place_in_filter = (s * KERNEL_HEIGHT + a) * KERNEL_WIDTH + b;
                #pragma unroll
                for (int f = 0; f < FILTERS; f++) {
                    const T weight = weights[place_in_filter * results + r % results + f];
                    #pragma unroll
                    for (int p = 0; p < PIXELS; p++) {
                        if (meets(p, b) >= 0) sums[f][p] += weight * seen[meets(p, b)];
                    }
                }
            }
        }
    }
    #pragma unroll
    for (int f = 0; f < FILTERS; f++) {
        #pragma unroll
        for (int p = 0; p < PIXELS; p++) {
            const int column = piece * PIXELS + p - SHIFT;
            if (column >= 0 && column < columns) {
                result[((ptrdiff_t) ((r + f) * rows + h) * columns + column) * batch + n] = sums[f][p];
            }
        }
    }
"""
_INPUTS = (
    "raw T source, raw T weights, raw T bias, int32 batch, int32 sources, int32 height, int32 width, int32 results, "
    "int32 rows, int32 columns"
)

# Pixel (h, v) of out sees what is DOWN h, ACROSS v pixels further on.
_CORRELATE = Kernel(
    "correlate",
    _INPUTS,
    "raw T result",
    _LINES,
    preamble="""
    constexpr int SHIFT = 0, SPAN = (PIXELS - 1) * ACROSS + (KERNEL_WIDTH - 1) * HOLE_ACROSS + 1;
    __device__ int row_at(int h, int a) { return h * DOWN + a * HOLE_DOWN - TOP; }
    __device__ int first_column(int piece) { return piece * PIXELS * ACROSS - LEFT; }
    __device__ constexpr int meets(int p, int b) { return p * ACROSS + b * HOLE_ACROSS; }
    """,
)

# The other way round: pixel (y, x) of the image was seen at place (a, b) by the window that began so much before it, if
# one began there. PIXELS is a multiple of ACROSS, and pieces begin at the border, so that the compiler can tell.
_SPREAD = Kernel(
    "spread",
    _INPUTS,
    "raw T result",
    _LINES,
    preamble="""
    constexpr int SHIFT = LEFT, BEFORE = (KERNEL_WIDTH - 1) * HOLE_ACROSS / ACROSS, SPAN = BEFORE + PIXELS / ACROSS;
    __device__ int row_at(int y, int a) {
        const int begin = y + TOP - a * HOLE_DOWN;
        return begin % DOWN == 0 ? begin / DOWN : -1;
    }
    __device__ int first_column(int piece) { return piece * (PIXELS / ACROSS) - BEFORE; }
    __device__ constexpr int meets(int p, int b) {
        return (p - b * HOLE_ACROSS) % ACROSS == 0 ? BEFORE + (p - b * HOLE_ACROSS) / ACROSS : -1;
    }
    """,
)

# A thread has a row of FILTERS filters from o on: their channel c and row a. Of what dout's rows bring, of all images,
# it adds up a part: the rows part, part + parts, ..., counted through all images. For the channel behind the group's
# last the images are ones, which gives the bias's gradient. Warps side by side have the same part, so they fetch the
# same of dout. channels, filters: how many a group has.
_FILTER_GRADIENT = Kernel(
    "filter_gradient",
    "raw T images, raw T dout, int32 batch, int32 channels, int32 height, int32 width, int32 filters, int32 rows, "
    "int32 columns, int32 parts",
    "raw T dw",
    """
    const int lines = channels * KERNEL_HEIGHT + 1;
    const unsigned warp = (unsigned) i / WARP, warps = parts / WARP;
    const int line = warp % lines, o = warp / lines / warps * FILTERS, part = warp / lines % warps * WARP + i % WARP;
    const int c = line / KERNEL_HEIGHT, a = line % KERNEL_HEIGHT, channel = o / filters * channels + c;
    T sums[FILTERS][KERNEL_WIDTH] = {};
    for (ptrdiff_t k = part; k < (ptrdiff_t) rows * batch; k += parts) {
        const int n = k % batch, h = k / batch, row = h * DOWN + a * HOLE_DOWN - TOP;
        const bool ones = c == channels, on_the_image = row >= 0 && row < height;
        if (!ones && !on_the_image) continue;
        for (int v = 0; v < columns; v++) {
            T seen[KERNEL_WIDTH];
            #pragma unroll
            for (int b = 0; b < KERNEL_WIDTH; b++) {
                const int column = v * ACROSS + b * HOLE_ACROSS - LEFT;
                const ptrdiff_t pixel = (ptrdiff_t) (channel * height + row) * width + column;
                seen[b] = ones ? T(1) : column >= 0 && column < width ? images[pixel * batch + n] : T(0);
            }
            #pragma unroll
            for (int f = 0; f < FILTERS; f++) {
                const T given = dout[((ptrdiff_t) ((o + f) * rows + h) * columns + v) * batch + n];
                #pragma unroll
                for (int b = 0; b < KERNEL_WIDTH; b++) sums[f][b] += given * seen[b];
            }
        }
    }
    #pragma unroll
    for (int f = 0; f < FILTERS; f++) {
        #pragma unroll
        for (int b = 0; b < KERNEL_WIDTH; b++) {
            dw[((ptrdiff_t) ((o + f) * lines + line) * KERNEL_WIDTH + b) * parts + part] = sums[f][b];
        }
    }
    """,
)


def correlate(images: Array, filters: Array, bias: Array | None, geometry: Any, out: Array) -> None:
    """Write out (G, O, Ho, Wo, N) = filters (G, O, C, kh, kw) over images (G, C, H, W, N), plus bias (G, O).

    geometry: that of `ops.convolution`, whose `sliding` are the constants above. G: the groups.
    """
    number, pixels = _at_once(out.shape[1], 1)
    _run(_CORRELATE, images, filters.transpose(0, 2, 3, 4, 1), bias, geometry, out, number, pixels, 0)


def spread(dout: Array, filters: Array, geometry: Any, dimages: Array) -> None:
    """Write into dimages (G, C, H, W, N) what each pixel gets from the windows that saw it."""
    number, pixels = _at_once(dimages.shape[1], geometry.stride[1])
    shift = geometry.pads[1][0]
    _run(_SPREAD, dout, filters.transpose(0, 1, 3, 4, 2), None, geometry, dimages, number, pixels, shift)


def _run(
    kernel: Kernel, source: Array, weights: Array, bias: Array | None, geometry: Any, result: Array,
    number: int, pixels: int, shift: int,
) -> None:  # fmt: skip
    weights = array_module(weights).ascontiguousarray(weights)  # those of a pixel's sums lie side by side
    groups, results, rows, columns, batch = result.shape
    pieces = -(-(columns + shift) // pixels)
    kernel(
        source, weights, weights if bias is None else bias, batch, *source.shape[1:4], results, rows, columns, result,
        size=groups * results // number * rows * pieces * batch, FILTERS=number, PIXELS=pixels,
        BIAS=int(bias is not None), **geometry.sliding,
    )  # fmt: skip


def filter_gradient(images: Array, dout: Array, geometry: Any) -> tuple[Array, Array]:
    """dw (G, O, C, kh, kw), and db (G, O)."""
    (_, channels, height, width, batch), (kh, kw) = images.shape, geometry.kernel
    groups, filters, rows, columns, _ = dout.shape
    number, lines = _divisor(filters, MOST_SUMS // kw), channels * kh + 1
    enough = THREADS // (lines * groups * filters // number * WARP)
    parts = WARP * max(1, min(enough, -(-rows * batch // WARP)))
    sums = array_module(dout).empty((groups, filters, lines, kw, parts), dout.dtype)
    _FILTER_GRADIENT(
        images, dout, batch, channels, height, width, filters, rows, columns, parts, sums,
        size=groups * filters // number * lines * parts, FILTERS=number, WARP=WARP, **geometry.sliding,
    )  # fmt: skip
    total = sums.sum(axis=4)
    return total[:, :, :-1].reshape(groups, filters, channels, kh, kw), total[:, :, -1, 0]


def _at_once(results: int, across: int) -> tuple[int, int]:
    """How many of the results, and how many pixels of each, a thread has: the latter a multiple of `across`."""
    number = _divisor(results, MOST_SUMS // max(4, across))
    return number, across * max(1, min(8, MOST_SUMS // number) // across)


def _divisor(number: int, most: int) -> int:
    """The largest divisor of a number that is at most so large, or 1."""
    return max((d for d in range(1, most + 1) if number % d == 0), default=1)
