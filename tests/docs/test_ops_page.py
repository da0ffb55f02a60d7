"""docs/ops.md and the pages in docs/ops/ are what the explanations say now."""

import make_ops


def test_the_pages_are_up_to_date():
    pages = make_ops.pages()
    for path, text in pages.items():
        assert path.read_text(encoding="utf-8") == text, "run python docs/make_ops.py"
    assert sorted(make_ops.DOCS.glob("ops/*.md")) == sorted(set(pages) - {make_ops.DOCS / "ops.md"})


def test_every_op_has_a_place_of_its_own():
    places = [make_ops.place_of(one) for members in make_ops.FAMILIES.values() for one in members]
    assert len(places) == len(set(places)) > 100
