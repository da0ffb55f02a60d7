"""The page of a trace, in a real browser: it can be walked, and it tells the numbers of backward()."""

import re
import shutil

import numpy as np
import pytest

import minigrad as mg
from minigrad.teach.script import DEMOS, demo, trace_script


@pytest.fixture(scope="module")
def demos(tmp_path_factory):
    """The path of each demo's page, by its name."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {}
    for name in DEMOS:
        pages[name] = folder / f"{name}.html"
        trace_script(demo(name), f"{name}.py").to_html(pages[name])
    return pages


def counter(page):
    return page.inner_text("#counter")


def numbers(locator):
    """The numbers that the page shows, to their last digit."""
    return [float(one) for one in locator.evaluate_all("all => all.map(one => one.dataset.value)")]


@pytest.mark.parametrize("name", DEMOS)
def test_stepping_to_the_end_by_keyboard_gives_what_backward_gives(name, demos, open_page):
    page = open_page(demos[name])
    seen = [counter(page)]
    for _ in range(100):
        page.keyboard.press("ArrowRight")
        seen.append(counter(page))
        if seen[-1] == "end":
            break
    ops = len([one for one in seen if one.startswith("forward")])
    assert seen == [
        *("start", *(f"forward {i + 1} of {ops}" for i in range(ops))),
        *(*(f"backward {i + 1} of {ops}" for i in range(ops)), "end"),
    ]
    variables = {}
    exec(demo(name), variables)
    leaves = {one: value for one, value in variables.items() if isinstance(value, mg.Tensor) and value.is_leaf}
    variables["loss"].backward()
    for leaf in [one for one, value in leaves.items() if value.requires_grad]:
        told = numbers(page.locator(f"tr[data-leaf='{leaf}'] td:nth-child(2) [data-value]"))
        right = leaves[leaf].grad.array
        np.testing.assert_array_equal(np.array(told, right.dtype).reshape(right.shape), right, err_msg=leaf)
    assert page.locator(".check.agrees").count() == len(page.locator("tr[data-leaf]").all())


def test_the_diamond_tells_order_sums_and_reasons(demos, open_page):
    page = open_page(demos["diamond"], "#step-2")
    assert page.inner_text("#step h2") == "Step 2 of 3: mul sends the gradient of b * a on"
    first, second = page.locator("[data-sum]").all()
    assert numbers(first.locator("[data-value]")) == [1, 3, 3] and numbers(second.locator("[data-value]")) == [1, 6, 6]
    told = page.inner_text("#step")
    assert "nothing more can arrive" in told and "received 2 of 2: complete" in told
    assert "Still waiting: a (received 1 of 3)" in told and "local: a" in told
    assert numbers(page.locator("[data-after='1'] [data-value]")) == [1, 3, 4]
    page.keyboard.press("n")
    assert numbers(page.locator(".upstream .sum [data-value]")) == [1, 3, 4]  # what has come together for b
    assert page.inner_text("[data-gradient='0']") == "14"


def test_no_gradient_yet_is_a_dash_and_never_0(demos, open_page):
    page = open_page(demos["diamond"], "#forward-1")
    assert page.locator("#rows .gradient").all_inner_texts() == ["—"] * 4
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert page.locator("#rows .gradient").all_inner_texts() == ["—"] * 4


def test_ways_to_move(demos, open_page):
    page = open_page(demos["mlp"])
    page.click("#last")
    assert counter(page) == "end"
    page.click("#back")
    assert counter(page) == "backward 8 of 8" and page.url.endswith("#step-8")
    page.keyboard.press("Home")
    page.keyboard.press(".")
    assert "received 1 of 1: complete" in page.inner_text("#step") and counter(page) == "backward 4 of 8"
    page.click("#rows li[data-row='5'] button")
    assert page.inner_text("#step h2").startswith("Step 6 of 8: relu")
    assert page.evaluate("document.activeElement.closest('li').dataset.row") == "5"
    page.fill("#slider", "3")
    assert counter(page) == "forward 3 of 8"
    page.evaluate("location.hash = '#step-1'")
    page.wait_for_function("document.getElementById('counter').textContent === 'backward 1 of 8'")
    assert page.get_attribute("#permalink", "href") == "#step-1"


def test_a_permalink_opens_at_its_step(demos, open_page):
    assert counter(open_page(demos["softmax"], "#step-3")) == "backward 3 of 7"
    assert counter(open_page(demos["softmax"], "#nonsense")) == "start"


def test_predict_first_hides_the_product_until_it_is_asked_for(demos, open_page):
    page = open_page(demos["diamond"], "#step-2")
    page.keyboard.press("h")
    assert page.locator("[data-after]").count() == 0
    assert page.inner_text("[data-gradient='1']") == "?"
    assert 3 not in numbers(page.locator("[data-sum]").first.locator(".total [data-value]"))
    guess = page.locator(".guess").first
    guess.fill("2")
    guess.press("Enter")
    assert page.inner_text(".verdict.wrong") == "not that"
    guess.fill("3")
    guess.press("Enter")
    assert numbers(page.locator("[data-after='1'] [data-value]")) == [1, 3, 4]
    page.click(".hidden-number")
    assert page.locator("[data-after]").count() == 2
    page.keyboard.press("h")
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-after]").count() == 2


def test_pointing_at_an_output_lights_what_it_came_from(demos, open_page):
    page = open_page(demos["conv"], "#forward-1")
    page.locator("#step table").last.locator("td").nth(6).hover()
    image, weight = page.locator("#step table").nth(0), page.locator("#step table").nth(1)
    lit = image.locator("td.lit").evaluate_all("all => all.map(one => Number(one.dataset.index))")
    assert lit == [8, 9, 10, 14, 15, 16, 20, 21, 22]
    assert weight.locator("td.lit").count() == 9
    page.keyboard.press("End")
    page.evaluate("location.hash = '#forward-3'")  # the pool
    page.wait_for_function("document.getElementById('counter').textContent.startsWith('forward 3')")
    page.locator("#step table").last.locator("td").nth(3).hover()
    lit = page.locator("#step table").first.locator("td.lit")
    assert lit.evaluate_all("all => all.map(one => Number(one.dataset.index))") == [10, 11, 14, 15]


@pytest.mark.parametrize(
    "settings",
    ["stride=2", "stride=(1, 3), padding=1, dilation=2", "stride=2, padding=2, dilation=3, output_padding=1, groups=2"],
)
def test_an_output_of_a_transposed_convolution_came_from_what_lights(settings, tmp_path, open_page):
    script = (
        "import minigrad as mg\nx = mg.rand(2, 4, 3, 4, requires_grad=True)\n"
        "w = mg.rand(4, 2, 3, 2, requires_grad=True)\n"
        f"y = mg.nn.functional.conv_transpose2d(x, w, {settings})\nloss = y.sum()"
    )
    trace_script(script, "stamps.py").to_html(tmp_path / "stamps.html")
    page = open_page(tmp_path / "stamps.html")
    variables = {}
    exec(script, variables)
    x, w, y = (variables[name] for name in "xwy")
    for place in [(1, y.shape[1] - 1, h, v) for h in range(y.shape[2]) for v in range(y.shape[3])]:
        lit = page.evaluate(f"sourcesOf(DATA.rows.find((row) => row.op === 'conv_transpose2d'), {list(place)})")
        for number, gradient in enumerate(mg.autograd.grad(y[place], [x, w], retain_graph=True)):
            is_lit = np.zeros(gradient.shape, bool)
            is_lit[tuple(slice(*axis) for axis in lit[str(number)])] = True
            np.testing.assert_array_equal(is_lit, gradient.numpy() != 0, err_msg=f"{place}: {lit}")


def test_pointing_at_a_product_lights_a_row_and_a_column(demos, open_page):
    page = open_page(demos["mlp"], "#forward-1")
    page.locator("#step table").last.locator("td").nth(5).hover()  # [1, 2]
    x, w = page.locator("#step table").nth(0), page.locator("#step table").nth(1)
    of = "all => all.map(one => Number(one.dataset.index))"
    assert x.locator("td.lit").evaluate_all(of) == [2, 3] and w.locator("td.lit").evaluate_all(of) == [2, 5]


def test_another_element_can_be_taken_apart(demos, open_page):
    page = open_page(demos["mlp"], "#step-6")
    page.click("td[data-choose][data-index='2']")
    assert "contribution[0, 2]" in page.inner_text("[data-sum]")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert "contribution[0, 1]" in page.inner_text("[data-sum]") and counter(page) == "backward 6 of 8"


def test_a_screen_reader_is_told_each_step_and_the_names_of_all_controls(demos, open_page):
    page = open_page(demos["diamond"], "#step-2")
    assert page.inner_text("#said") == (
        "Step 2 of 3, mul. The gradient of b * a is 1. To b: 1 times 3 is 3. The gradient of b is now 4, 2 of 2. "
        "To a: 1 times 6 is 6. The gradient of a is now 6, 1 of 3."
    )
    names = page.locator("button, input").evaluate_all("all => all.map(one => one.ariaLabel || one.innerText)")
    assert all(names)
    assert page.get_attribute("#rows .now button", "aria-current") == "step"
    assert page.get_attribute("#slider", "aria-valuetext") == "backward 2 of 3"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_wide_and_narrow_light_and_dark(width, scheme, demos, open_page):
    for name in ("mlp", "conv"):
        page = open_page(demos[name], "#step-4", viewport={"width": width, "height": 800}, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth && scrollY === 0")
        paper, ink = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        brightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
        assert (brightness[0] > brightness[1]) == (scheme == "light")
        page.keyboard.press("t")
        other = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert other != paper


def test_in_the_list_nothing_but_a_long_name_is_cut(demos, open_page):
    for name, place in (("mlp", "#end"), ("conv", "#end"), ("momentum", "#end"), ("batchnorm", "#step-9")):
        cells = open_page(demos[name], place).locator("#rows button > span:not(.name)")
        assert not cells.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length"), name
        assert cells.count()


def test_a_long_tape_is_folded_and_says_so(tmp_path, open_page):
    h = mg.tensor(0.5, requires_grad=True)
    with mg.Tape():
        for _ in range(300):
            h = (h * 1.001).sin()
    path = tmp_path / "long.html"
    mg.trace(h).to_html(path)
    page = open_page(path, "#step-300")
    assert "folded" in page.inner_text("#folded") and counter(page) == "backward 300 of 600"
    assert page.locator("#rows li").count() < 150
    assert page.locator("#rows .now").count() == 1
    page.locator("#rows .fold button").first.click()
    assert page.locator("#rows li[data-row='0']").count() == 1


def test_modules_are_folded_by_their_names(tmp_path, open_page):
    mg.manual_seed(0)
    net = mg.nn.Sequential(*(mg.nn.Sequential(mg.nn.Linear(4, 4), mg.nn.Tanh()) for _ in range(60)))
    with mg.Tape():
        loss = net(mg.ones(1, 4)).sum()
    path = tmp_path / "deep.html"
    mg.trace(loss).to_html(path)
    page = open_page(path)
    assert page.locator("#rows .fold").first.inner_text().startswith("net.0 · 5 rows")


def test_the_graph_stands_beside_the_steps_and_follows_them(demos, open_page):
    if shutil.which("dot") is None:
        pytest.skip("needs Graphviz, whose program dot was not found")
    page = open_page(demos["diamond"], "#step-2")
    assert page.locator("#graph .now").evaluate_all("all => all.map(one => one.id)") == ["row-2"]
    page.keyboard.press("n")
    assert page.locator("#graph .now").evaluate_all("all => all.map(one => one.id)") == ["row-1"]


def test_without_graphviz_there_is_no_graph_and_all_the_rest(tmp_path, monkeypatch, open_page):
    monkeypatch.setenv("PATH", "")
    trace_script(demo("diamond"), "diamond.py").to_html(tmp_path / "page.html")
    page = open_page(tmp_path / "page.html", "#step-2")
    assert page.locator("#graph").is_hidden() and counter(page) == "backward 2 of 3"


def test_names_are_text_and_never_code(tmp_path, open_page):
    nasty = "</script><script>document.title='taken'</script><b onclick=alert(1)>&amp;"
    a = mg.tensor([1.0, float("nan")], requires_grad=True, name=nasty)
    path = tmp_path / "ein ä ü.html"
    mg.trace((a * 2).sum()).to_html(path)
    page = open_page(path, "#step-2")
    assert page.title() == "Backward pass of (a * 2).sum()"
    assert nasty in page.inner_text("#step")
    assert page.locator("#step b").count() == 0


def test_a_notebook_is_given_the_page_in_a_frame_and_never_an_error(monkeypatch):
    trace = trace_script(demo("diamond"), "diamond.py")
    assert trace._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    monkeypatch.setattr("minigrad.teach.trace.html_of", lambda *_: 1 / 0)
    assert "could not be shown: division by zero" in trace._repr_html_()


def test_a_matrix_for_a_batch_and_an_op_with_a_name_of_ours(tmp_path, open_page):
    mine = mg.differentiable(lambda x: (3 * x, None), lambda dout, _: 3 * dout, name="linear")
    x, w = mg.ones(2, 3, 4), mg.ones(4, requires_grad=True)
    with mg.Tape():
        loss = mine(x @ w).sum()
    mg.trace(loss).to_html(tmp_path / "trace.html")
    page = open_page(tmp_path / "trace.html", "#forward-1")
    page.locator("#step .values h3 + .arrays td").nth(4).hover()
    lit = page.locator("#step .values td.lit").evaluate_all("all => all.map(one => Number(one.dataset.index))")
    assert lit == [16, 17, 18, 19, 0, 1, 2, 3]
    page.keyboard.press("n")
    assert page.inner_text("#step h2").startswith("Forward: linear makes") and page.locator("#step .rule").count() == 0


def test_the_focus_stays_where_the_reader_is(demos, open_page):
    page = open_page(demos["diamond"], "#step-1")
    page.locator("#rows .now button").focus()
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.closest('li').className").endswith("now")
    page.keyboard.press("h")
    page.locator("#step .guess").first.focus()
    page.locator("#step .hidden-number").first.click()
    assert page.evaluate("document.getElementById('step').contains(document.activeElement)")


def test_it_can_be_walked_in_the_frame_of_a_notebook(tmp_path, open_page):
    a = mg.tensor(3.0, requires_grad=True)
    (tmp_path / "notebook.html").write_text(mg.trace(a * a)._repr_html_(), "utf-8")
    frame = open_page(tmp_path / "notebook.html").frames[1]
    frame.click("#next")
    assert frame.inner_text("#counter") == "forward 1 of 1"


def test_modules_that_take_turns_are_folded_together(tmp_path, open_page):
    cell = mg.nn.Sequential(mg.nn.Linear(1, 1), mg.nn.Tanh())
    h = mg.ones(1, 1)
    with mg.Tape():
        for _ in range(100):
            h = cell(h)
    mg.trace(h).to_html(tmp_path / "trace.html")
    page = open_page(tmp_path / "trace.html", "#step-100")
    assert page.locator("#rows .fold").count() >= 2 and page.locator("#rows li").count() < 80


@pytest.mark.parametrize(("width", "height"), [(390, 500), (1500, 500)])
def test_a_move_does_not_scroll_the_page_to_the_graph(width, height, demos, open_page):
    page = open_page(demos["batchnorm"], viewport={"width": width, "height": height})
    for _ in range(12):
        page.click("#next")
    assert page.evaluate("scrollY") == 0
