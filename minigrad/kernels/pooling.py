"""Max-pooling: forwards a thread for each window of each image, backwards one for each pixel.

Images lie as (C, H, W, N), the batch innermost: neighbouring threads do the same in neighbouring images, so they read
and write side by side. A border is not copied around the images, but asked for. All but `batch` is known to the
compiler, the sizes of x (HEIGHT, WIDTH) and of out (ROWS, COLUMNS) too. `i` has 64 bits, in which to divide is slow.
"""

from __future__ import annotations

from minigrad.kernels.kernel import Kernel

max_pool2d_forward = Kernel(
    "max_pool2d_forward",
    "raw T x, T least, int32 batch",
    "raw T out, raw W winners",
    """
    const unsigned window = i >> 31 ? i / batch : (unsigned) i / batch;
    const int n = i - (ptrdiff_t) window * batch;
    const int v = window % COLUMNS, h = window / COLUMNS % ROWS, c = window / COLUMNS / ROWS;
    T largest = least;
    int winner = KERNEL_HEIGHT * KERNEL_WIDTH;  // nobody
    for (int a = 0; a < KERNEL_HEIGHT; a++) {
        for (int b = 0; b < KERNEL_WIDTH; b++) {
            const int row = h * DOWN + a * HOLE_DOWN - TOP, column = v * ACROSS + b * HOLE_ACROSS - LEFT;
            if (row < 0 || row >= HEIGHT || column < 0 || column >= WIDTH) continue;
            const T seen = x[((ptrdiff_t) (c * HEIGHT + row) * WIDTH + column) * batch + n];
            const bool first = winner == KERNEL_HEIGHT * KERNEL_WIDTH, nan = seen != seen;
            if (first || nan || seen > largest) {
                largest = seen;
                winner = a * KERNEL_WIDTH + b;
            }
        }
    }
    out[i] = largest;
    winners[i] = winner;
    """,
)

# A pixel looks at the windows that reach it: nobody else adds to it, so the order is its own. The last comes first, in
# which it is at the first place: so the portable lines add, too. What a window was given is fetched before it is known
# whether it is wanted, or else a thread would wait twice.
max_pool2d_backward = Kernel(
    "max_pool2d_backward",
    "raw T dout, raw W winners, int32 batch",
    "raw T dx",
    """
    const unsigned pixel = i >> 31 ? i / batch : (unsigned) i / batch;
    const int n = i - (ptrdiff_t) pixel * batch;
    const int row = pixel / WIDTH % HEIGHT + TOP, column = pixel % WIDTH + LEFT, c = pixel / WIDTH / HEIGHT;
    T sum = 0;
    for (int s = 0; s <= HOLE_DOWN * (KERNEL_HEIGHT - 1) / DOWN; s++) {
        for (int t = 0; t <= HOLE_ACROSS * (KERNEL_WIDTH - 1) / ACROSS; t++) {
            const int h = row / DOWN - s, v = column / ACROSS - t;
            const int down = row - h * DOWN, across = column - v * ACROSS;
            if (h < 0 || h >= ROWS || down % HOLE_DOWN || down / HOLE_DOWN >= KERNEL_HEIGHT) continue;
            if (v < 0 || v >= COLUMNS || across % HOLE_ACROSS || across / HOLE_ACROSS >= KERNEL_WIDTH) continue;
            const ptrdiff_t window = ((ptrdiff_t) (c * ROWS + h) * COLUMNS + v) * batch + n;
            const T given = dout[window];
            if (winners[window] == down / HOLE_DOWN * KERNEL_WIDTH + across / HOLE_ACROSS) sum += given;
        }
    }
    dx[i] = sum;
    """,
)
