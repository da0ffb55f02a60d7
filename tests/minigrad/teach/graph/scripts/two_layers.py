import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn

net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
for parameter in net.parameters():
    nn.init.constant_(parameter, 0.5)
x, y = mg.ones(5, 3), mg.tensor([0, 1, 0, 1, 0])
scores = net(x)
loss = F.cross_entropy(scores, y)
loss.backward()
