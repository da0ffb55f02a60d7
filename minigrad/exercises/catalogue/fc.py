# minigrad exercise: fc
"""The fully-connected layer, and its three gradients.

    x    (N, D1, ..., Dk)   N examples; each is laid out as a row of D = D1 * ... * Dk numbers
    w    (D, M)             weights
    b    (M,)               biases
    out  (N, M)             = rows @ w + b

Start from one number of the output:

    out[n, m] = x[n, 0] * w[0, m] + x[n, 1] * w[1, m] + ... + b[m]

In which outputs does w[d, m] stand, and with which factor each time? Its gradient is the sum, over these outputs, of
dout times the factor. Ask the same for x[n, d], and for b[m].

Your part: fc_backward.
"""


def fc_forward(x, w, b):
    """x (N, D1, ..., Dk), w (D, M), b (M,) -> (out (N, M), cache)."""
    rows = x.reshape(len(x), -1)
    return rows @ w + b, (x, w)


def fc_backward(dout, cache):
    """dout (N, M) -> dx (N, D1, ..., Dk), dw (D, M), db (M,)."""
    x, w = cache
    # BEGIN SOLUTION
    rows = x.reshape(len(x), -1)
    dx = (dout @ w.T).reshape(x.shape)
    dw = rows.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
    # END SOLUTION
