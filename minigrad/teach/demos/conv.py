# A filter looks for an edge: convolution, relu, max-pool. Point at an element to see what it was computed from.
import minigrad as mg
import minigrad.nn.functional as F

rows, columns = mg.arange(6.0).reshape(6, 1), mg.arange(6.0)
image = (1.2 * columns - 3.3 + 0.21 * rows).sigmoid().reshape(1, 1, 6, 6)  # dark on the left, bright on the right
w = mg.tensor([[[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]]], requires_grad=True)
b = mg.tensor([-0.5], requires_grad=True)

edges = F.conv2d(image, w, b)
seen = F.relu(edges)
pooled = F.max_pool2d(seen, 2)
loss = pooled.square().mean()
