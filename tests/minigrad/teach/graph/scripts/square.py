import minigrad as mg

a = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
loss = (a * a).sum()
