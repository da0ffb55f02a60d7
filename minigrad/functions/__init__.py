"""All that a Tensor can do: each family of ops, lifted from its pairs and given PyTorch's arguments.

`table` holds every function by its name. Here, at the end, they become the methods and operators of Tensor.
"""

from minigrad.functions import (
    arithmetic,
    comparison,
    conversion,
    cumulative,
    diagonal,
    elementwise,
    in_place,
    indexing,
    ordering,
    pieces,
    products,
    reduction,
    sampling,
    shape,
    softmax,
)
from minigrad.functions.table import METHODS, TABLE
from minigrad.tensor import Tensor

for _name, _function in {**TABLE, **METHODS}.items():
    setattr(Tensor, _name, _function)
