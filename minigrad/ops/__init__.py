"""The mathematics: each op is a pair of plain functions over arrays, `x_forward` and `x_backward`.

    out, cache = x_forward(*arrays, **settings)
    gradients  = x_backward(dout, cache)         one per array: bare for one, a tuple for more, None where there is none

No Tensor, no tape, no module in here, and no state: a pair changes none of its arguments and stores nothing. It can be
called on bare NumPy or CuPy arrays, checked by hand, and handed to a student; the tape lifts the very same functions.

`needs`, where a backward takes it, is a tuple of booleans that says whose gradients are wanted.
"""
