"""Element by element: what would be two launches and a mask in between."""

from __future__ import annotations

from minigrad.kernels.kernel import Kernel

relu_backward = Kernel("relu_backward", "T x, S dout", "S dx", "dx = x <= 0 ? S(0) : dout;")
