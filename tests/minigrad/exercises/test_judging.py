"""What is said of answers that are no gradients: judged here, without a process of their own."""

import numpy as np
import pytest

import minigrad.exercises
from minigrad.exercises import contents, judge
from minigrad.exercises.contents import UnknownExercise
from minigrad.exercises.markers import strip
from minigrad.exercises.report import UNSEEN
from tests.minigrad.exercises.answers import namespace, patched

DX, DW, DB, LAST = "(dout @ w.T).reshape(x.shape)", "rows.T @ dout", "dout.sum(axis=0)", "return dx, dw, db"


def fc(*patches, examples=4):
    return judge("fc", namespace(patched("fc", *patches)), examples=examples)


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ((LAST, "pass"), "fc_backward returns None. Is there a return at its end?"),
        ((LAST, "return dx, dw, None"), "fc_backward returns None for db"),
        ((LAST, "return dx, dw"), "fc_backward must return 3 gradients (dx, dw, db), got 2"),
        ((LAST, "return dx, dw, 'db'"), "must return an array of numbers for db, got str 'db'"),
        ((LAST, "dout *= 2\n    return dx, dw, db"), "fc_backward writes into dout, which others still need"),
        ((LAST, "w += 1\n    return dx, dw, db"), "fc_backward writes into w, which belongs to the caller"),
        ((DX, "dout @ w"), "fc_backward raises ValueError: matmul:"),
        ((DX, "exit(3)"), "fc_backward ends the program (SystemExit: 3); it should return"),
        ((DX, "fc_backward(dout, cache)"), "fc_backward calls itself again and again"),
        ((DX, "bytearray(2**62)"), "fc_backward asks for more memory than there is"),
        (("def fc_backward", "def fc_backwards"), "fc_backward is missing. Did you rename it"),
        (("def fc_backward", "fc_backward = 3\ndef other"), "fc_backward must be a function, it is int 3"),
        (("@ w + b, (x", "@ w - b, (x"), "You have changed fc_forward, which was right"),
        (("@ w + b, (x, w)", "@ w + b"), "fc_forward must return (out, cache)"),
        (("return rows @ w + b", "w[:] = (w, out := rows @ w + b)[0] + 1\n    return out"), "fc_forward writes into w"),
    ],
)
def test_an_answer_without_gradients_is_told_why(patch, said):
    report = fc(patch)
    assert report.exit_code == 1
    assert said in report.parts[0].message
    assert report.points == 0


def test_an_exception_shows_the_students_lines_and_the_call(tmp_path):
    path = tmp_path / "fc.py"
    path.write_text(patched("fc", (DX, "dout @ w")))
    message = judge("fc", namespace(path.read_text(), str(path)), examples=4).parts[0].message
    assert "in fc_backward: dx = dout @ w\nfor [[" in message
    assert "minigrad" not in message


def test_what_is_not_looked_at_says_so_and_has_no_points():
    report = fc((DB, "dout"))
    assert [part.verdict for part in report.parts] == ["right", "right", "wrong", UNSEEN]
    assert (report.points, report.possible) == (2, 4)
    assert report.part("db").cause == "axis-not-summed"


def test_a_wrong_shape_tells_both_shapes_and_whose():
    shape, why = fc((DX, "dout @ w.T"), examples=8).part("dx").message.splitlines()[:2]
    assert shape.startswith("it must have x's shape (")
    assert ", got (" in shape
    assert why == "the numbers are right, the shape is not; reshape it"


@pytest.mark.parametrize("wrong", ["np.zeros(dout.shape[1]) + dout.sum(axis=0)", "dout.sum(axis=0) * np.float64(1)"])
def test_float64_for_float32_is_a_part_of_its_own(wrong):
    report = fc((DB, wrong), ("def fc_forward", "import numpy as np\n\n\ndef fc_forward"))
    assert [bool(part) for part in report.parts] == [True, True, True, False]
    assert "db is float64 for float32 arguments" in report.part("float32").message


def test_what_is_written_has_its_points_when_the_rest_is_not():
    text = contents.source("sigmoid")
    second = text.index("# BEGIN SOLUTION", text.index("def sigmoid_backward"))
    half = contents.solution("sigmoid")
    half = half[: half.index("def sigmoid_backward")] + strip(text[text.index("def sigmoid_backward") :])
    assert second > 0
    report = judge("sigmoid", namespace(half), examples=4)
    assert [part.verdict for part in report.parts] == ["right", "not written yet", UNSEEN]
    assert (report.points, report.exit_code) == (1, 3)


def test_wrong_outweighs_not_written():
    half = contents.start("two-layer").replace('raise NotImplementedError("Your part: by_hand.")', "return 1.0")
    report = judge("two-layer", namespace(half), examples=4)
    assert report.verdict == "wrong"
    assert report.part("by the tape").verdict == "not written yet"


def test_a_long_tape_defeats_recursion():
    recursive = """
    def visit(number, gradient):
        number.grad += gradient
        for source, slope in number.sources:
            visit(source, gradient * slope)
    visit(end, 1.0)
"""
    text = contents.start("diamond").replace('    raise NotImplementedError("Your part: backward.")\n', recursive)
    report = judge("diamond", namespace(text))
    assert [part.name for part in report.parts if not part] == ["a long tape"]
    assert "calls itself again and again" in report.part("a long tape").message


def test_an_answer_is_judged_the_same_for_the_same_seed():
    wrong = namespace(patched("square", ("2 * x", "x")))
    one, other = (judge("square", wrong, seed=5, examples=4).as_json() for _ in range(2))
    assert one == other


def test_the_callers_numbers_are_left_alone():
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)
    fc()
    assert np.random.random() == expected


def test_a_report_tells_its_parts():
    report = fc()
    with pytest.raises(LookupError, match="fc has no part 'dz'; it has dx, dw, db, float32"):
        report.part("dz")
    assert str(report).startswith("fc: right, 4 of 4 points\n  dx: right")


def test_an_unknown_exercise_is_one_clear_error():
    with pytest.raises(UnknownExercise, match=r"no exercise 'fcc'. Did you mean fc\?"):
        judge("fcc", {})
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = minigrad.exercises.nothing
