# Three steps of SGD with momentum down a parabola, as one graph: how would the end change with lr and momentum?
import minigrad as mg

lr = mg.tensor(0.1, requires_grad=True)
momentum = mg.tensor(0.9, requires_grad=True)
w = mg.tensor(2.0, requires_grad=True)
v = mg.tensor(0.0)

for _ in range(3):
    g = 3.0 * w  # the slope of 1.5 * w ** 2
    v = momentum * v - lr * g
    w = w + v
loss = 1.5 * w.square()
