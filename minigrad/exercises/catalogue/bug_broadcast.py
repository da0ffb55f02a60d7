# minigrad exercise: bug-broadcast
"""Find the bug: a scale and a shift for each channel.

    x      (N, C, H, W)   N images of C channels
    scale  (C,)
    shift  (C,)
    out    (N, C, H, W)   = x * scale + shift, the same two numbers all over a channel

The forward is right. The backward is wrong in one place. Find it, and repair it.
"""


def channel_scale_forward(x, scale, shift):
    """x (N, C, H, W), scale (C,), shift (C,) -> (out (N, C, H, W), cache)."""
    out = x * scale[:, None, None] + shift[:, None, None]
    return out, (x, scale)


def channel_scale_backward(dout, cache):
    """dout (N, C, H, W) -> dx (N, C, H, W), dscale (C,), dshift (C,)."""
    x, scale = cache
    dx = dout * scale[:, None, None]
    dscale = (dout * x).sum(axis=(0, 2, 3))
    # BEGIN SOLUTION
    dshift = dout.sum(axis=(0, 2, 3))
    # END SOLUTION
    # BEGIN BLANK
    # dshift = dout.sum(axis=0)
    # END BLANK
    return dx, dscale, dshift
