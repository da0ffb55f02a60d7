# A two-layer network on the four points of the exclusive or, with a broadcast bias in each layer.
import minigrad as mg

mg.manual_seed(1)
x = mg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = mg.tensor([[0.0], [1.0], [1.0], [0.0]])
W1 = mg.randn(2, 3, requires_grad=True)
b1 = mg.zeros(3, requires_grad=True)
W2 = mg.randn(3, 1, requires_grad=True)
b2 = mg.zeros(1, requires_grad=True)

h = (x @ W1 + b1).relu()
scores = h @ W2 + b2
error = scores - y
loss = error.square().mean()
