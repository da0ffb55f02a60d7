"""Pooling: forwards a thread for each window of each image, backwards one for each step of the stride.

Images lie as (C, H, W, N), the batch innermost: neighbouring threads do the same in neighbouring images, so they read
and write side by side. A border is not copied around the images, but asked for.

The compiler knows how the windows slide, so that its loops over a window and a stride have no counters and divide by
plain numbers. The sizes of x (height, width) and of out (rows, columns) are arguments: to divide by them takes a thread
some twenty instructions, once, and images of another size need no other kernel. `i` has 64 bits, in which to divide is
slow.
"""

from __future__ import annotations

from minigrad.kernels.kernel import Kernel

_SIZES = "int32 batch, int32 height, int32 width, int32 rows, int32 columns"

# Thread i has image n, and of channel c the window (h, v).
_WINDOW = """
    const unsigned window = i >> 31 ? i / batch : (unsigned) i / batch;
    const int n = i - (ptrdiff_t) window * batch;
    const int v = window % columns, h = window / columns % rows, c = window / columns / rows;
"""


def _each_pixel(lines: str) -> str:
    """Thread i has image n, and of channel c the DOWN x ACROSS pixels that window (h, v) is the last to see.

    So a pixel that is `down` rows below the begin of the window is `down` + s strides below that of (h - s, v). Nobody
    else adds to these pixels, and the order is the thread's own: the last window first, as the portable lines do.

    lines: add to `sum` what a pixel gets from `window`.
    """
    return f"""
    const unsigned steps_down = (height - 1 + TOP) / DOWN + 1, steps_across = (width - 1 + LEFT) / ACROSS + 1;
    const unsigned step = i >> 31 ? i / batch : (unsigned) i / batch;
    const int n = i - (ptrdiff_t) step * batch;
    const int v = step % steps_across, h = step / steps_across % steps_down, c = step / steps_across / steps_down;
    for (int a = 0; a < DOWN; a++) {{
        for (int b = 0; b < ACROSS; b++) {{
            const int row = h * DOWN + a - TOP, column = v * ACROSS + b - LEFT;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            T sum = 0;
            for (int s = 0; s <= HOLE_DOWN * (KERNEL_HEIGHT - 1) / DOWN; s++) {{
                for (int t = 0; t <= HOLE_ACROSS * (KERNEL_WIDTH - 1) / ACROSS; t++) {{
                    const int down = a + s * DOWN, across = b + t * ACROSS;
                    if (down % HOLE_DOWN || down / HOLE_DOWN >= KERNEL_HEIGHT) continue;
                    if (across % HOLE_ACROSS || across / HOLE_ACROSS >= KERNEL_WIDTH) continue;
                    if (h < s || h - s >= rows || v < t || v - t >= columns) continue;
                    const ptrdiff_t window = ((ptrdiff_t) (c * rows + h - s) * columns + v - t) * batch + n;
                    {lines}
                }}
            }}
            dx[((ptrdiff_t) (c * height + row) * width + column) * batch + n] = sum;
        }}
    }}
    """


max_pool2d_forward = Kernel(
    "max_pool2d_forward",
    f"raw T x, T least, {_SIZES}",
    "raw T out, raw W winners",
    f"""
    {_WINDOW}
    T largest = least;
    int winner = KERNEL_HEIGHT * KERNEL_WIDTH;  // nobody
    for (int a = 0; a < KERNEL_HEIGHT; a++) {{
        for (int b = 0; b < KERNEL_WIDTH; b++) {{
            const int row = h * DOWN + a * HOLE_DOWN - TOP, column = v * ACROSS + b * HOLE_ACROSS - LEFT;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const T seen = x[((ptrdiff_t) (c * height + row) * width + column) * batch + n];
            const bool first = winner == KERNEL_HEIGHT * KERNEL_WIDTH, nan = seen != seen;
            if (first || nan || seen > largest) {{
                largest = seen;
                winner = a * KERNEL_WIDTH + b;
            }}
        }}
    }}
    out[i] = largest;
    winners[i] = winner;
    """,
)
# What a window was given is fetched before it is known whether it is wanted, or else a thread would wait twice.
max_pool2d_backward = Kernel(
    "max_pool2d_backward",
    f"raw T dout, raw W winners, {_SIZES}",
    "raw T dx",
    _each_pixel("""
                    const T given = dout[window];
                    if (winners[window] == down / HOLE_DOWN * KERNEL_WIDTH + across / HOLE_ACROSS) sum += given;
    """),
)


def _numbers(h: str, v: str) -> str:
    """Of how many `numbers` window (h, v) has the mean: DIVISOR. If that is 0, of those on the image or near to it.

    Near is at most EDGE_DOWN, EDGE_ACROSS.
    """
    return f"""
    const int top = ({h}) * DOWN - TOP, left = ({v}) * ACROSS - LEFT;
    const int high = min(top + KERNEL_HEIGHT, height + EDGE_DOWN) - max(top, -EDGE_DOWN);
    const int wide = min(left + KERNEL_WIDTH, width + EDGE_ACROSS) - max(left, -EDGE_ACROSS);
    const int numbers = DIVISOR ? DIVISOR : high * wide;
    """


avg_pool2d_forward = Kernel(
    "avg_pool2d_forward",
    f"raw T x, {_SIZES}",
    "raw T out",
    f"""
    {_WINDOW}
    {_numbers("h", "v")}
    T sum = 0;
    for (int row = max(top, 0); row < min(top + KERNEL_HEIGHT, height); row++) {{
        for (int column = max(left, 0); column < min(left + KERNEL_WIDTH, width); column++) {{
            sum += x[((ptrdiff_t) (c * height + row) * width + column) * batch + n];
        }}
    }}
    out[i] = sum / numbers;
    """,
)
avg_pool2d_backward = Kernel(
    "avg_pool2d_backward",
    f"raw T dout, {_SIZES}",
    "raw T dx",
    _each_pixel(f"{_numbers('h - s', 'v - t')} sum += dout[window] / numbers;"),
)
