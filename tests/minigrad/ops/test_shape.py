"""Ops that move elements: each gradient goes back to the element's old place, and repeated elements collect."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import shape
from tests.minigrad.parity import agrees_with_torch, draw, draws, locked, slopes_agree


def moves(name, of, *arguments, **settings):
    """x.name(*arguments), x of shape `of`: one case for the comparison with PyTorch."""
    words = [*map(str, arguments), *(f"{key}={value}" for key, value in settings.items())]
    return pytest.param(
        of, lambda x: getattr(x, name)(*arguments, **settings), id=f"{of}.{name}({', '.join(words)})".replace(" ", "")
    )


MOVES = [
    moves("clone", ()),
    moves("clone", (2, 3)),
    moves("reshape", (2, 3), 3, 2),
    moves("reshape", (2, 3), (3, 2)),
    moves("reshape", (2, 3), -1),
    moves("reshape", (2, 3), (6, -1)),
    moves("reshape", (), 1, 1),
    moves("reshape", (1, 1), ()),
    moves("reshape", (0, 3), 3, 0),
    moves("flatten", ()),
    moves("flatten", (2, 3, 4)),
    moves("flatten", (2, 3, 4), 1),
    moves("flatten", (2, 3, 4), 0, 1),
    moves("flatten", (2, 3, 4), -2, -1),
    moves("flatten", (2, 3, 4), 1, 1),
    moves("flatten", (2, 0, 4), 1),
    moves("flatten", (2, 3, 4), start_dim=1, end_dim=2),
    moves("squeeze", ()),
    moves("squeeze", (), 0),
    moves("squeeze", (1, 2, 1)),
    moves("squeeze", (1, 2, 1), 0),
    moves("squeeze", (1, 2, 1), -1),
    moves("squeeze", (1, 2, 1), 1),
    moves("squeeze", (1, 2, 1), (0, 2)),
    moves("squeeze", (1, 2, 1), (0, 1)),
    moves("unsqueeze", (), 0),
    moves("unsqueeze", (2, 3), 0),
    moves("unsqueeze", (2, 3), 2),
    moves("unsqueeze", (2, 3), -1),
    moves("unsqueeze", (2, 3), -3),
    moves("permute", (), ()),
    moves("permute", (2, 3, 4), 2, 0, 1),
    moves("permute", (2, 3, 4), (1, 2, 0)),
    moves("permute", (2, 3, 4), -1, 0, -2),
    moves("permute", (2, 0, 4), 1, 2, 0),
    moves("transpose", (), 0, -1),
    moves("transpose", (2, 3, 4), 0, 2),
    moves("transpose", (2, 3, 4), -1, 1),
    moves("transpose", (2, 3, 4), 1, 1),
    moves("t", ()),
    moves("t", (3,)),
    moves("t", (2, 3)),
    moves("expand", (), 2, 3),
    moves("expand", (3,), 2, 3),
    moves("expand", (2, 1), 2, 3),
    moves("expand", (2, 1), -1, 3),
    moves("expand", (2, 1, 3), (4, -1, 5, 3)),
    moves("expand", (1, 1), 2, 0),
    moves("expand", (2, 3), 2, 3),
    moves("broadcast_to", (2, 1), (4, 2, 3)),
    moves("broadcast_to", (2, 1), 4, 2, 3),
]


@pytest.mark.parametrize(("of", "move"), MOVES)
def test_moves_are_torchs(of, move):
    agrees_with_torch(lambda lib, x: move(x), draw(*of))


@pytest.mark.parametrize("of", [(3,), (2, 3), (2, 3, 4)])
def test_the_property_T_reverses_the_axes(of):
    agrees_with_torch(lambda lib, x: x.T if lib is mg else x.permute(*reversed(range(x.ndim))), draw(*of))


@pytest.mark.parametrize("arguments", [(3, 2), ((3, 2),), (-1,)])
def test_view_is_reshape(arguments):
    agrees_with_torch(lambda lib, x: x.clone().view(*arguments), draw(2, 3))


@pytest.mark.parametrize(
    ("name", "of", "settings"),
    [
        ("copy", (2, 3), {}),
        ("reshape", (2, 3), {"shape": (3, -1)}),
        ("permute", (2, 3, 4), {"axes": (2, 0, 1)}),
        ("permute", (2, 3, 4), {"axes": (-1, 0, 1)}),
        ("permute", (), {"axes": ()}),
        ("expand", (3, 1), {"shape": (2, 3, 4)}),
        ("expand", (1,), {"shape": (0,)}),
    ],
)
def test_the_bare_pairs_backward_is_the_slope_of_its_forward(name, of, settings):
    slopes_agree(getattr(shape, f"{name}_forward"), getattr(shape, f"{name}_backward"), draw(*of), **settings)


# -- joining -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("joining", ["cat", "stack"])
@pytest.mark.parametrize("dim", [0, 1, -1, -2])
@pytest.mark.parametrize("count", [1, 3])
def test_joining_is_torchs(joining, dim, count):
    arrays = draws(*[(2, 3)] * count)
    agrees_with_torch(lambda lib, *tensors: getattr(lib, joining)(tensors, dim=dim), *arrays)
    agrees_with_torch(lambda lib, *tensors: getattr(lib, joining)([*tensors, tensors[0]], dim), *arrays)


@pytest.mark.parametrize(("shapes", "dim"), [(((2, 3), (1, 3), (0, 3)), 0), (((2, 1, 2), (2, 3, 2)), -2)])
def test_cat_joins_different_lengths(shapes, dim):
    agrees_with_torch(lambda lib, *tensors: lib.cat(tensors, dim), *draws(*shapes))
    slopes_agree(shape.cat_forward, shape.cat_backward, draws(*shapes), axis=dim)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_stack_pairs_backward_is_the_slope_of_its_forward(axis):
    slopes_agree(shape.stack_forward, shape.stack_backward, draws((2, 3), (2, 3)), axis=axis)


def test_stack_makes_a_vector_of_scalars():
    agrees_with_torch(lambda lib, x, y: lib.stack([x, y * 2, x]), *draws((), ()))


@pytest.mark.parametrize("joining", ["cat", "stack"])
@pytest.mark.parametrize("dtypes", [("int64", "float32"), ("float32", "float64"), ("bool", "uint8"), ("int32", "bool")])
def test_joining_promotes_as_torch(joining, dtypes):
    arrays = [np.ones(2, dtype) for dtype in dtypes]
    agrees_with_torch(lambda lib, *tensors: getattr(lib, joining)(tensors), *arrays)


@pytest.mark.parametrize("joining", ["cat", "stack"])
def test_joining_names_shapes_that_do_not_fit_and_empty_lists(joining):
    with pytest.raises(mg.ShapeError, match=rf"^{joining}: .*float32 \(2, 3\), float32 \(3, 2\)"):
        getattr(mg, joining)([mg.ones(2, 3), mg.ones(3, 2)])
    with pytest.raises(mg.ShapeError, match=rf"^{joining}: expected at least one tensor"):
        getattr(mg, joining)([])


# -- conversions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("of", [(), (2, 3)])
def test_conversions_give_the_gradient_in_the_inputs_dtype(dtype, of):
    agrees_with_torch(lambda lib, x: x.to(getattr(lib, dtype)), draw(*of), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("of", [(), (2,)])
def test_results_can_be_cloned_and_converted(of):
    agrees_with_torch(lambda lib, x: (x * 2).clone().float().double(), draw(*of), rtol=1e-6)


def test_to_returns_the_tensor_itself_if_nothing_changes():
    x = mg.ones(2)
    assert x.to(mg.float32) is x.to("cpu") is x.to(x) is x.to(dtype=None) is x.to("cpu", non_blocking=True) is x
    assert x.to(mg.float32, copy=True) is not x


@pytest.mark.parametrize("name", ["float", "double", "long"])
def test_the_short_names_of_dtypes_are_torchs(name):
    agrees_with_torch(lambda lib, x: getattr(x, name)(), np.array([-1.5, 2.5]))


def test_views_share_memory_and_copies_do_not():
    x = mg.tensor(draw(2, 3))
    for view in (x.reshape(6), x.flatten(), x.t(), x.T, x[0], x.unsqueeze(0), x.expand(4, 2, 3), x.squeeze()):
        assert np.shares_memory(view.array, x.array)
    for copy in (x.clone(), x[[0, 1]], mg.cat([x]), mg.stack([x]), x.float()):
        assert not np.shares_memory(copy.array, x.array)


COPIES = {
    "roll": lambda lib, x: x.roll(3, 0),  # once around, and nothing has moved
    "roll by nothing": lambda lib, x: x.roll((0, 0), (0, 1)),
    "flip": lambda lib, x: x.flip(0),
    "flip of nothing": lambda lib, x: x.flip(()),
    "repeat": lambda lib, x: x.repeat(1, 1),
    "tile": lambda lib, x: x.tile(1),
    "pad": lambda lib, x: lib.nn.functional.pad(x, (0, 0), mode="reflect"),
    "diag": lambda lib, x: lib.diag(x),
    "cumsum": lambda lib, x: x[0, 0].cumsum(0),
    "gather": lambda lib, x: x[0, 0].gather(0, lib.tensor(0)),
}
VIEWS = {
    "diagonal": lambda lib, x: x.diagonal(1),
    "flatten": lambda lib, x: x.flatten(),
    "movedim": lambda lib, x: x[0, 0].movedim(0, 0),
    "chunk": lambda lib, x: x.chunk(1)[0],
}


@pytest.mark.parametrize("name", [*COPIES, *VIEWS])
def test_what_is_written_into_a_result_reaches_x_just_where_it_does_in_torch(name):
    """A copy is one even if nothing had to be moved: who writes into it means it, and not x."""
    torch = pytest.importorskip("torch")
    get, data = {**COPIES, **VIEWS}[name], draw(3, 3)
    ours, theirs = mg.tensor(data), torch.tensor(data)
    get(mg, ours).fill_(7)
    get(torch, theirs).fill_(7)
    np.testing.assert_array_equal(ours.array, theirs.numpy())
    assert (ours.array == data).all() == (name in COPIES)


def test_a_diagonal_that_was_written_to_is_noticed_by_what_needs_x():
    x = mg.tensor(draw(3, 3), requires_grad=True)
    copy = x * 1
    out = copy * copy
    with mg.no_grad():
        copy.diagonal().fill_(0)
    with pytest.raises(RuntimeError, match="mul"):
        out.sum().backward()


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("move", "error", "words"),
    [
        (lambda x: x.reshape(4), mg.ShapeError, r"reshape: .*\(4,\).*float32 \(2, 3\)"),
        (lambda x: x.reshape(-1, -1), mg.ShapeError, r"reshape: .*float32 \(2, 3\)"),
        (lambda x: x.flatten(1, 0), mg.ShapeError, r"flatten: start_dim 1 comes after end_dim 0"),
        (lambda x: x.flatten(2), IndexError, r"flatten: dim must lie in -2\.\.1, got 2"),
        (lambda x: x.squeeze(2), IndexError, r"squeeze: dim must lie in -2\.\.1, got 2"),
        (lambda x: x.unsqueeze(3), IndexError, r"unsqueeze: dim must lie in -3\.\.2, got 3"),
        (lambda x: x.permute(0, 0), mg.ShapeError, r"permute: expected each axis of \(2, 3\) once, got \(0, 0\)"),
        (lambda x: x.permute(1), mg.ShapeError, r"permute: expected each axis of \(2, 3\) once"),
        (lambda x: x.transpose(0, 2), IndexError, r"transpose: dim must lie in -2\.\.1, got 2"),
        (lambda x: x[None].t(), mg.ShapeError, r"t: expected at most 2 axes, got shape \(1, 2, 3\)"),
        (lambda x: x.expand(3), mg.ShapeError, r"expand: only axes of length 1 .*\(2, 3\) to \(3,\)"),
        (lambda x: x.expand(4, 3), mg.ShapeError, r"expand: only axes of length 1 .*\(2, 3\) to \(4, 3\)"),
        (lambda x: x.expand(-1, 2, 3), mg.ShapeError, r"expand: only axes of length 1 .*\(2, 3\) to \(-1, 2, 3\)"),
    ],
)
def test_a_move_that_does_not_fit_is_explained(move, error, words):
    with pytest.raises(error, match=f"^{words}"):
        move(mg.ones(2, 3))


def test_the_bare_pairs_keep_float32():
    x = locked(draw(2, 3).astype(np.float32))
    for name, settings in {
        "copy": {},
        "reshape": {"shape": (6,)},
        "permute": {"axes": (1, 0)},
        "expand": {"shape": (4, 2, 3)},
    }.items():
        out, cache = getattr(shape, f"{name}_forward")(x, **settings)
        assert getattr(shape, f"{name}_backward")(locked(out), cache).dtype == np.float32
