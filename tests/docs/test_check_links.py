"""A link that leads nowhere is found, and one that leads somewhere is not."""

from check_links import broken


def test_broken_links_are_named(tmp_path):
    (tmp_path / "a b.html").write_text('<h1 id="top">A</h1><img src="gone.png"><a href="#top"></a><a href="#low"></a>')
    (tmp_path / "c.html").write_text(
        '<a href="a%20b.html#top"></a><a href="a%20b.html#no"></a><a href="d/"></a><a href="https://x.org/y"></a>'
    )
    assert broken(tmp_path) == [
        "a b.html: gone.png: there is no such file",
        "a b.html: #low: the page has no such anchor",
        "c.html: a%20b.html#no: the page has no such anchor",
        "c.html: d/: there is no such file",
    ]
