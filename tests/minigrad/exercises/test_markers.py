"""Solutions are taken out, and what does not fit together is one clear error."""

import json

import pytest

from minigrad.exercises import MarkerError, strip, strip_notebook
from minigrad.exercises.markers import solved

SOURCE = '''
def f(x):
    """Twice."""
    # BEGIN SOLUTION
    y = x + x
    return y
    # END SOLUTION


class Layer:
    def forward(self, x):
        if x > 0:
            ### BEGIN SOLUTION
            return x
            ### END SOLUTION
            # BEGIN BLANK
            # result = ...
            #
            # if result:
            #     return result
            # END BLANK
        return 0


# BEGIN SOLUTION
z = f(1)
# END SOLUTION
'''

STUDENT = '''
def f(x):
    """Twice."""
    raise NotImplementedError("Your part: f.")


class Layer:
    def forward(self, x):
        if x > 0:
            result = ...

            if result:
                return result
        return 0


raise NotImplementedError("Your part.")
'''


def test_solutions_go_and_blanks_come():
    assert [line.rstrip() for line in strip(SOURCE).splitlines()] == STUDENT.splitlines()


def test_the_solved_file_has_neither_markers_nor_blanks():
    text = solved(SOURCE)
    compile(text, "solved.py", "exec")
    assert "return y" in text
    assert "BEGIN" not in text
    assert "result" not in text


@pytest.mark.parametrize("text", ["", "x = 1", "# BEGIN is a word\r\nx = 2\r\n", "no newline # BEGIN SOLUTION"])
def test_a_text_without_markers_comes_back_as_it_is(text):
    assert strip(text) == solved(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# BEGIN SOLUTION\nx = 1", "line 1: BEGIN SOLUTION has no END SOLUTION."),
        ("# BEGIN SOLUTION NO PROMPT\n", "line 1: '# BEGIN SOLUTION NO PROMPT' is no marker; expected nothing but"),
        ("x\n  # end solution", "line 2: '# end solution' is no marker"),
        ("x\n# END SOLUTION", "line 2: END SOLUTION without a BEGIN SOLUTION before it."),
        (
            "# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION\n# END SOLUTION",
            "line 2: BEGIN SOLUTION inside the SOLUTION that begins in line 1; its END SOLUTION is missing before it.",
        ),
        ("# BEGIN SOLUTION\n# END BLANK", "line 2: END BLANK inside the SOLUTION that begins in line 1"),
        ("# BEGIN BLANK\n# x\n# END BLANK", "line 1: BEGIN BLANK must follow an END SOLUTION at once."),
        ("# BEGIN SOLUTION\n# END SOLUTION\n# BEGIN BLANK\n# x", "line 3: BEGIN BLANK has no END BLANK."),
        (
            "# BEGIN SOLUTION\n# END SOLUTION\n# BEGIN BLANK\n# x\ny = 1\n# END BLANK",
            "line 5: in a BLANK every line must be a comment, got 'y = 1'.",
        ),
    ],
)
def test_markers_that_do_not_fit_together_are_one_clear_error(text, said):
    for change in (strip, solved):
        with pytest.raises(MarkerError) as raised:
            change(text)
        assert said in str(raised.value)


def cell(source, kind="code"):
    more = {"outputs": [{"text": "42"}], "execution_count": 3} if kind == "code" else {}
    return {"cell_type": kind, "source": source, "metadata": {"tags": ["x"]}, **more}


def test_a_notebook_loses_its_solutions_and_what_they_printed():
    notebook = {
        "cells": [cell(["# BEGIN SOLUTION\n", "x = 42\n", "# END SOLUTION"]), cell("Words", "markdown"), cell("y")]
    }
    stripped = json.loads(strip_notebook(json.dumps(notebook | {"nbformat": 4, "metadata": {"a": 1}})))
    assert "".join(stripped["cells"][0]["source"]) == 'raise NotImplementedError("Your part.")\n'
    assert stripped["cells"][0]["outputs"] == stripped["cells"][2]["outputs"] == []
    assert stripped["cells"][0]["metadata"] == {"tags": ["x"]}
    assert stripped["cells"][1] == cell("Words", "markdown")
    assert stripped["metadata"] == {"a": 1}


def test_a_notebook_says_in_which_cell_a_marker_is_missing():
    with pytest.raises(MarkerError, match="cell 2, line 1: BEGIN SOLUTION has no END SOLUTION"):
        strip_notebook(json.dumps({"cells": [cell("x"), cell("# BEGIN SOLUTION\n")]}))
    for text in ("no json", "[]", "{}"):
        with pytest.raises(MarkerError, match="this is no notebook"):
            strip_notebook(text)
