# minigrad exercise: bug-transpose
"""Find the bug: a step of a recurrent network.

    x    (N, D)   what comes in at this step
    h    (N, H)   what the network remembers
    wx   (D, H)   weights
    wh   (H, H)   weights
    out  (N, H)   = tanh(x @ wx + h @ wh), what it remembers next

The forward is right. The backward is wrong in one place; it runs, and every shape is right. Find it, and repair it.
"""

import numpy as np


def rnn_step_forward(x, h, wx, wh):
    """x (N, D), h (N, H), wx (D, H), wh (H, H) -> (out (N, H), cache)."""
    out = np.tanh(x @ wx + h @ wh)
    return out, (x, h, wx, wh, out)


def rnn_step_backward(dout, cache):
    """dout (N, H) -> dx (N, D), dh (N, H), dwx (D, H), dwh (H, H)."""
    x, h, wx, wh, out = cache
    dsum = dout * (1 - out**2)
    dx = dsum @ wx.T
    # BEGIN SOLUTION
    dh = dsum @ wh.T
    # END SOLUTION
    # BEGIN BLANK
    # dh = dsum @ wh
    # END BLANK
    dwx = x.T @ dsum
    dwh = h.T @ dsum
    return dx, dh, dwx, dwh
