"""Convolution: the same few weights at every place."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

SLIDES = (
    "With a stride s the window at (h, v) begins at (h s, v s); padding puts zeros around x first; "
    "with a dilation d its elements "
    "lie d apart. The derivation is the same with those places. "
)
FAST = (
    "The pair as it runs computes the same sums as products of matrices: at one output pixel the sum "
    "is a dot product of the filter "
    "with the patch that the window sees, so out = w @ patches, dw = dout @ patchesᵀ, and dpatches = "
    "wᵀ @ dout, as in the "
    "fully-connected layer. The blackboard version says it loop by loop."
)

EXPLANATIONS = (
    Explanation(
        "conv2d",
        "convolution.conv2d",
        "filters slide over images",
        r"out[n, o, h, v] = b[o] + \sum_{c, i, j} w[o, c, i, j] \, x[n, c, h + i, v + j]",
        "x (N, C, H, W): images n with channels c. w (O, C, kh, kw): filters o. b (O,) or none. out "
        "(N, O, Ho, Wo). Written for stride 1, no padding, one group.",
        ("x", "w", "b"),
        (
            Gradient(
                "x",
                r"dx[n, c, p, q] = \sum_{o, i, j} dout[n, o, p - i, q - j] \, w[o, c, i, j]",
                r"w[o, c, p - h, q - v]",
                (
                    Step(
                        "Take one pixel x[n, c, p, q]. The window at (h, v) sees it at its own place (i, j), if",
                        r"p = h + i, \quad q = v + j",
                    ),
                    Step(
                        "There it is multiplied by the filter's element at that place.",
                        r"\frac{\partial out[n, o, h, v]}{\partial x[n, c, p, q]} = w[o, c, p - h, q - v]",
                    ),
                    Step(
                        "Add up over all windows that see it, and over all filters: (h, v) = (p - i, q - j).",
                        r"dx[n, c, p, q] = \sum_{o, i, j} dout[n, o, p - i, q - j] \, w[o, c, i, j]",
                    ),
                    Step(
                        "dout counts as 0 outside. So it is a convolution again, of dout with a "
                        "border, with the filter turned around."
                    ),
                ),
            ),
            Gradient(
                "w",
                r"dw[o, c, i, j] = \sum_{n, h, v} dout[n, o, h, v] \, x[n, c, h + i, v + j]",
                r"x[n, c, h + i, v + j]",
                (
                    Step(
                        "One weight w[o, c, i, j] is used at every pixel of channel o, in every "
                        "image: the weights are shared."
                    ),
                    Step(
                        "At pixel (h, v) it multiplies the element of x that lies at its place of the window.",
                        r"\frac{\partial out[n, o, h, v]}{\partial w[o, c, i, j]} = x[n, c, h + i, v + j]",
                    ),
                    Step(
                        "So it gets the sum over all pixels and all images.",
                        r"dw[o, c, i, j] = \sum_{n, h, v} dout[n, o, h, v] \, x[n, c, h + i, v + j]",
                    ),
                    Step("That is a convolution again, of x with dout as the filter."),
                ),
            ),
            Gradient(
                "b",
                r"db[o] = \sum_{n, h, v} dout[n, o, h, v]",
                "1",
                (
                    Step(
                        "b[o] is added to every pixel of channel o, with slope 1: it gets the sum.",
                        r"db[o] = \sum_{n, h, v} dout[n, o, h, v]",
                    ),
                ),
            ),
        ),
        note=SLIDES + FAST,
    ),
    Explanation(
        "conv1d",
        "convolution.conv1d",
        "filters slide along sequences",
        r"out[n, o, h] = b[o] + \sum_{c, i} w[o, c, i] \, x[n, c, h + i]",
        "x (N, C, L): sequences n with channels c. w (O, C, k): filters o. b (O,) or none. out (N, "
        "O, Lo). Written for stride 1, no padding, one group.",
        ("x", "w", "b"),
        (
            Gradient(
                "x",
                r"dx[n, c, p] = \sum_{o, i} dout[n, o, p - i] \, w[o, c, i]",
                r"w[o, c, p - h]",
                (
                    Step(
                        "The window at h sees x[n, c, p] at its own place i = p - h, and multiplies "
                        "it by the filter's element there.",
                        r"\frac{\partial out[n, o, h]}{\partial x[n, c, p]} = w[o, c, p - h]",
                    ),
                    Step(
                        "Add up over all windows that see it, and over all filters.",
                        r"dx[n, c, p] = \sum_{o, i} dout[n, o, p - i] \, w[o, c, i]",
                    ),
                ),
            ),
            Gradient(
                "w",
                r"dw[o, c, i] = \sum_{n, h} dout[n, o, h] \, x[n, c, h + i]",
                r"x[n, c, h + i]",
                (
                    Step(
                        "One weight is used at every place of every sequence, and multiplies the "
                        "element at its place of the window.",
                        r"\frac{\partial out[n, o, h]}{\partial w[o, c, i]} = x[n, c, h + i]",
                    ),
                    Step(
                        "So it gets the sum over all of them.",
                        r"dw[o, c, i] = \sum_{n, h} dout[n, o, h] \, x[n, c, h + i]",
                    ),
                ),
            ),
            Gradient(
                "b",
                r"db[o] = \sum_{n, h} dout[n, o, h]",
                "1",
                (
                    Step(
                        "b[o] is added at every place of channel o, with slope 1: it gets the sum.",
                        r"db[o] = \sum_{n, h} dout[n, o, h]",
                    ),
                ),
            ),
        ),
        note="A sequence is an image of one row, so the pair is that of conv2d. With a stride s the "
        "window at h begins at h s.",
        parts=("conv2d_forward", "conv2d_backward"),
    ),
    Explanation(
        "conv_transpose2d",
        "transposed_convolution.conv_transpose2d",
        "pixels stamp filters onto larger images: a convolution run backwards",
        r"out[n, o, p, q] = b[o] + \sum_{c, i, j} x[n, c, p - i, q - j] \, w[c, o, i, j]",
        "x (N, C, H, W): images n with channels c; it counts as 0 outside. w (C, O, kh, kw): a filter for each c. b "
        "(O,) or none. out (N, O, Ho, Wo). Written for stride 1, no padding, one group.",
        ("x", "w", "b"),
        (
            Gradient(
                "x",
                r"dx[n, c, h, v] = \sum_{o, i, j} dout[n, o, h + i, v + j] \, w[c, o, i, j]",
                r"w[c, o, p - h, q - v]",
                (
                    Step(
                        "Take one pixel x[n, c, h, v]. It stamps its filter, times itself, onto out.",
                        r"out[n, o, h + i, v + j] = \ldots + x[n, c, h, v] \, w[c, o, i, j]",
                    ),
                    Step(
                        "So where place (i, j) of its stamp lies, out changes with the filter's element at that place.",
                        r"\frac{\partial out[n, o, h + i, v + j]}{\partial x[n, c, h, v]} = w[c, o, i, j]",
                    ),
                    Step(
                        "Add up over the whole stamp, in all channels of out.",
                        r"dx[n, c, h, v] = \sum_{o, i, j} dout[n, o, h + i, v + j] \, w[c, o, i, j]",
                    ),
                    Step(
                        "That is a convolution, of dout with the filters w: the one whose backward pass is this op's "
                        "forward."
                    ),
                ),
            ),
            Gradient(
                "w",
                r"dw[c, o, i, j] = \sum_{n, h, v} dout[n, o, h + i, v + j] \, x[n, c, h, v]",
                r"x[n, c, p - i, q - j]",
                (
                    Step("One weight w[c, o, i, j] is in the stamp of every pixel of channel c, in every image."),
                    Step(
                        "In that of pixel (h, v) it is multiplied by this pixel.",
                        r"\frac{\partial out[n, o, h + i, v + j]}{\partial w[c, o, i, j]} = x[n, c, h, v]",
                    ),
                    Step(
                        "So it gets the sum over all stamps.",
                        r"dw[c, o, i, j] = \sum_{n, h, v} dout[n, o, h + i, v + j] \, x[n, c, h, v]",
                    ),
                    Step("That is the filter gradient of the same convolution, in which dout is seen and x came back."),
                ),
            ),
            Gradient(
                "b",
                r"db[o] = \sum_{n, p, q} dout[n, o, p, q]",
                "1",
                (
                    Step(
                        "b[o] is added to every pixel of channel o, with slope 1: it gets the sum.",
                        r"db[o] = \sum_{n, p, q} dout[n, o, p, q]",
                    ),
                ),
            ),
        ),
        note="With a stride s the stamp of (h, v) begins at (h s, v s); padding cuts the rim of out off; with a "
        "dilation d its elements lie d apart. The derivation is the same with those places. Why transposed: a "
        "convolution is out = M x with a large matrix M, and backward dx = Mᵀ dout. Here forward is out = Mᵀ x.",
        parts=("correlate", "spread", "filter_gradient"),
    ),
    Explanation(
        "conv_transpose1d",
        "transposed_convolution.conv_transpose1d",
        "numbers stamp filters onto longer sequences",
        r"out[n, o, p] = b[o] + \sum_{c, i} x[n, c, p - i] \, w[c, o, i]",
        "x (N, C, L): sequences n with channels c; it counts as 0 outside. w (C, O, k): a filter for each c. b (O,) or "
        "none. out (N, O, Lo). Written for stride 1, no padding, one group.",
        ("x", "w", "b"),
        (
            Gradient(
                "x",
                r"dx[n, c, h] = \sum_{o, i} dout[n, o, h + i] \, w[c, o, i]",
                r"w[c, o, p - h]",
                (
                    Step(
                        "At place i of its stamp x[n, c, h] adds itself times the filter's element there.",
                        r"\frac{\partial out[n, o, h + i]}{\partial x[n, c, h]} = w[c, o, i]",
                    ),
                    Step(
                        "Add up over the whole stamp, in all channels of out: a convolution of dout.",
                        r"dx[n, c, h] = \sum_{o, i} dout[n, o, h + i] \, w[c, o, i]",
                    ),
                ),
            ),
            Gradient(
                "w",
                r"dw[c, o, i] = \sum_{n, h} dout[n, o, h + i] \, x[n, c, h]",
                r"x[n, c, p - i]",
                (
                    Step(
                        "One weight is in the stamp of every place h, multiplied by what x has there.",
                        r"\frac{\partial out[n, o, h + i]}{\partial w[c, o, i]} = x[n, c, h]",
                    ),
                    Step(
                        "So it gets the sum over all stamps.",
                        r"dw[c, o, i] = \sum_{n, h} dout[n, o, h + i] \, x[n, c, h]",
                    ),
                ),
            ),
            Gradient(
                "b",
                r"db[o] = \sum_{n, p} dout[n, o, p]",
                "1",
                (
                    Step(
                        "b[o] is added at every place of channel o, with slope 1: it gets the sum.",
                        r"db[o] = \sum_{n, p} dout[n, o, p]",
                    ),
                ),
            ),
        ),
        note="A sequence is an image of one row, so the pair is that of conv_transpose2d. With a stride s the stamp of "
        "h begins at h s.",
        parts=("conv_transpose2d_forward", "conv_transpose2d_backward"),
    ),
)
