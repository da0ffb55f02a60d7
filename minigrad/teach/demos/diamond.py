# The diamond: two ways lead from a to c, and a third one inside of them. What comes back along each is added up.
import minigrad as mg

a = mg.tensor(3.0, requires_grad=True)
b = a + a
c = b + b * a
loss = c
