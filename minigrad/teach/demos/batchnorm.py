# Batch-norm by hand. x reaches the result in three ways: by itself, through the mean, and through the variance.
import minigrad as mg

x = mg.tensor([[1.0, 2.0], [2.0, 0.0], [4.0, 1.0], [5.0, 5.0]], requires_grad=True)
weight = mg.tensor([1.5, 0.5], requires_grad=True)
bias = mg.tensor([0.0, 1.0], requires_grad=True)
target = mg.tensor([[0.0, 1.0], [0.0, 0.0], [1.0, 1.0], [1.0, 2.0]])

mean = x.mean(dim=0)
centred = x - mean
var = centred.square().mean(dim=0)
std = (var + 1e-5).sqrt()
x_hat = centred / std
out = weight * x_hat + bias
loss = (out - target).square().mean()
