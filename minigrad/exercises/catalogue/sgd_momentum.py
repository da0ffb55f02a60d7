# minigrad exercise: sgd-momentum
"""A step of gradient descent with momentum.

    w         any shape    the parameters
    dw        w's shape    the gradient of the loss
    velocity  w's shape    the gradients so far, the older the fainter; zeros at the start
    lr, momentum           numbers

    velocity  <-  momentum * velocity + dw
    w         <-  w - lr * velocity

The new w and the new velocity are returned. The arrays that are given belong to somebody else: leave them as they are.
(`w -= ...` writes into w. `w = w - ...` makes a new array.)

Your part: sgd_momentum.
"""


def sgd_momentum(w, dw, velocity, lr, momentum):
    """-> (the new w, the new velocity), both of w's shape."""
    # BEGIN SOLUTION
    velocity = momentum * velocity + dw
    return w - lr * velocity, velocity
    # END SOLUTION
