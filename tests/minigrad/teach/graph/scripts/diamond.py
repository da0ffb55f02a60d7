import minigrad as mg

a = mg.tensor(3.0, requires_grad=True)
with mg.Tape():
    b = a + a
    loss = b + b * a
    loss.backward()
