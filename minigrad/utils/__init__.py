"""`torch.utils`, of which there is `data`: scripts that are ported find it here. Its own place is `minigrad.data`."""

from minigrad.utils import data

__all__ = ["data"]
