# Softmax and cross-entropy from small steps. What arrives at the scores in the end is (p - one-hot label) / N.
import minigrad as mg

scores = mg.tensor([[2.0, 1.0, -1.0], [0.5, 0.0, 1.5]], requires_grad=True)
labels = mg.tensor([0, 1])

exps = scores.exp()
p = exps / exps.sum(dim=1, keepdim=True)
right = p[[0, 1], labels]
loss = -right.log().mean()
