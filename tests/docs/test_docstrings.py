"""Docstrings become Markdown: arguments a list, shapes code, and text that means what it says."""

from extensions.docstrings import as_markdown, inline


def lines(doc: str) -> list[str]:
    return [line for line in as_markdown(doc).splitlines() if line.strip()]


def test_arguments_are_a_list_and_their_next_lines_belong_to_them():
    doc = "What it does.\n\nlr: the step.\nbetas, eps: two numbers,\n    and one more."
    assert lines(doc) == ["What it does.", "- `lr`: the step.", "- `betas`, `eps`: two numbers,", "      and one more."]


def test_a_sentence_goes_on_and_a_new_one_is_a_paragraph():
    assert lines("mode: the border, or\nthe image's own.\nReturns it.") == [
        "- `mode`: the border, or",
        "  the image's own.",
        "Returns it.",
    ]
    assert "\n\nReturns it." in as_markdown("mode: the border.\nReturns it.")


def test_shapes_are_code_and_other_brackets_are_not():
    assert inline("x (N, C, H, W) and (*, D), but (see above, or not)") == (
        "x `(N, C, H, W)` and `(*, D)`, but (see above, or not)"
    )
    assert inline("b: (M,). w: (D, M). d: (N, d_1, ..., d_k)") == "b: `(M,)`. `w`: `(D, M)`. `d`: `(N, d_1, ..., d_k)`"


def test_special_characters_mean_themselves_but_in_code():
    assert inline("a * b_c, $5, x[0] <y> and `a * b_c`") == r"a \* b\_c, \$5, x\[0\] \<y\> and `a * b_c`"


def test_what_is_indented_stays_as_it_is():
    doc = "Once:\n    dx = dout * local\n      + 1\nThen."
    assert lines(doc) == ["Once:", "```text", "dx = dout * local", "  + 1", "```", "Then."]


def test_a_session_at_the_prompt_is_one_block():
    doc = "Do.\n\n>>> for i in x:\n...     i\n\nMore."
    assert lines(doc) == ["Do.", "```pycon", ">>> for i in x:", "...     i", "```", "More."]
