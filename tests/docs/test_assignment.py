"""The assignment: both versions come from one page, the solved one is right, and typical mistakes are told."""

import io
import re
import types
from contextlib import redirect_stdout

import numpy as np
import pytest

pytest.importorskip("sphinx", reason="needs Sphinx, of the extra docs")
pytest.importorskip("jupytext", reason="needs jupytext, of the extra docs")

import matplotlib.pyplot as plt
import nbformat
from extensions import notebooks, solutions

from gaze_examples.assignment import FullyConnectedNet, Solver
from gaze_examples.assignment.checking import check, grade
from gaze_examples.assignment.checking.tasks import TASKS
from minigrad.exercises.markers import MARKER, solved, strip
from minigrad.exercises.report import RIGHT, UNWRITTEN, WRONG
from tests.docs.conftest import DOCS

PAGE = DOCS / "assignment.md"
TEXT = PAGE.read_text("utf-8")
TRAINS = "trains"  # the tag of cells that take their time
TRAINED = ("1.7", "1.10", "2.4", "4")  # tasks that are nothing but training
FEW = ("per_person = 280", "per_person = 14")


@pytest.fixture(autouse=True)
def no_windows(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def code(text, *, trains):
    """The code cells, with few eyes; trains: also those that take their time."""
    assert FEW[0] in text
    cells = notebooks.notebook_of(text.replace(*FEW)).cells
    return [
        cell for cell in cells if cell.cell_type == "code" and (trains or TRAINS not in cell.metadata.get("tags", []))
    ]


def run(cells):
    """Run cells as a notebook does; returns its names."""
    names = types.ModuleType("a_notebook").__dict__
    names.update(solver=None, solvers=None, best_model=None, cnn=None, cnn_bn=None, improved=None)
    for number, cell in enumerate(cells):
        if not cell.source.startswith(("check(", "grade(")):
            with redirect_stdout(io.StringIO()):
                exec(compile(cell.source, f"cell {number}", "exec"), names)
    return names


@pytest.fixture(scope="module")
def solution():
    """The names that the solved version defines, without what is trained."""
    return run(code(solved(TEXT), trains=False))


# -- one source --------------------------------------------------------------------------------------------------------


def test_a_page_with_solutions_gives_two_notebooks():
    versions = notebooks.versions(PAGE)
    assert list(versions) == ["student", "solved"]
    for notebook in versions.values():
        nbformat.validate(notebook)
        assert not any(MARKER.fullmatch(line) for cell in notebook.cells for line in cell.source.splitlines())
    assert list(notebooks.versions(DOCS / "lessons" / "04-relu-and-kinks.md")) == [""]


def test_both_versions_have_the_same_cells():
    student, solved_ = (notebooks.versions(PAGE)[version].cells for version in ("student", "solved"))
    kinds = [[cell.cell_type for cell in cells] for cells in (student, solved_)]
    assert kinds[0] == kinds[1]
    differ = [one for one, other in zip(student, solved_, strict=True) if one.source != other.source]
    assert 15 < len(differ) < len(student) / 2
    assert all("our part" in cell.source or "Your answer" in cell.source for cell in differ)


def test_the_student_has_no_line_of_a_solution():
    lines, inside = set(), False
    for line in TEXT.splitlines():
        marker = MARKER.fullmatch(line)
        if marker:
            inside = (marker["edge"], marker["kind"]) == ("BEGIN", "SOLUTION")
        elif inside and line.strip():
            lines.add(line)
    given = strip(TEXT).splitlines()
    assert len(lines) > 100
    assert lines & set(given) == {"np.random.seed(228)"}  # which is given in the first cell, too


def test_every_task_is_there_with_its_points_and_its_check():
    for task, one in TASKS.items():
        points = sum(one.points.values()) + one.words
        head = f"### Task {task}: " if task != "4" else "## Part 4: "
        (line,) = [line for line in TEXT.splitlines() if line.startswith(head)]
        assert f"({points} {'extra ' if one.extra else ''}points)" in line
        assert f'check("{task}", globals())' in TEXT
    assert sum(sum(one.points.values()) + one.words for one in TASKS.values()) == 60 + 30 + 10 + 5


# -- the student's, from top to bottom ---------------------------------------------------------------------------------


def test_the_students_version_runs_and_everything_is_not_written_yet():
    names = run(code(strip(TEXT), trains=True))
    for task in TASKS:
        report = check(task, names)
        assert report.verdict == UNWRITTEN and report.points == 0, report
        assert "not written yet: " in str(report)
    assert "0 of 95 points" in str(grade(names))


def test_nothing_at_all_is_not_written_yet():
    for task in TASKS:
        assert check(task, {}).verdict == UNWRITTEN, task


def test_a_task_is_not_known():
    with pytest.raises(ValueError, match=r"no task '5'; the tasks are 1\.1, 1\.2"):
        check("5", {})


# -- the solved one ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", [task for task in TASKS if task not in TRAINED])
def test_the_solution_is_right(task, solution):
    report = check(task, solution)
    verdicts = {part.name: part.verdict for part in report.parts}
    for part in ("comparison", "45 % on validation"):  # that is trained
        verdicts.pop(part, None)
    assert set(verdicts.values()) == {RIGHT}, report


def test_each_task_can_be_checked_before_the_next_is_begun(solution):
    forward = {"fc_forward": solution["fc_forward"], "relu_forward": solution["relu_forward"]}
    assert check("1.1", forward) and check("1.3", forward)
    assert check("1.2", forward).verdict == UNWRITTEN


def test_a_backward_is_judged_though_its_forward_is_wrong(solution):
    assert check("1.2", solution | {"fc_forward": lambda x, w, b: (x, (x, w, b))})
    assert check("1.4", solution | {"relu_forward": None})


def test_what_is_imported_is_no_answer():
    import gaze_examples.assignment as ours

    names = {name: getattr(ours, name) for name in ours.__all__}
    assert grade(names).points == 0


def test_a_check_leaves_the_random_numbers_as_they_are(solution):
    np.random.seed(1)
    due = np.random.rand()
    np.random.seed(1)
    check("1.6", solution)
    assert np.random.rand() == due


# -- mistakes ----------------------------------------------------------------------------------------------------------

# (task, old, new, the part that is wrong, what is said of it)
MISTAKES = [
    ("1.1", "out = x.reshape(len(x), -1) @ w + b", "out = x.reshape(len(x), -1) @ w", "forward", "it should be"),
    (
        "1.1",
        "out = x.reshape(len(x), -1) @ w + b",
        "out = x @ w + b",
        "forward",
        "must have shape (3, 2), got (3, 1, 2)",
    ),
    ("1.2", "db = dout.sum(axis=0)", "db = dout", "db", "summed over axis 0"),
    ("1.2", "dx = (dout @ w.T).reshape(x.shape)", "dx = dout @ w.T", "dx", "shape"),
    ("1.3", "np.maximum(x, 0)", "np.abs(x)", "forward", "it should be"),
    ("1.4", "return dout * (x > 0)", "return dout * (dout > 0)", "dx", "mask"),
    ("1.4", "return dout * (x > 0)", "return dout * (x >= 0)", "at 0", "dx is 5 there"),
    ("1.5", "return loss, dx / len(x)", "return loss, dx", "dx", "factor"),
    ("1.5", "shifted = x - x.max(axis=1, keepdims=True)", "shifted = x", "large scores", "not finite"),
    ("1.6", "active, relu_cache = relu_forward(hidden)", "active, relu_cache = hidden, hidden", "scores", "no ReLU"),
    ("1.6", "np.random.normal(0, weight_scale, (input_dim", "np.random.normal(0, 1, (input_dim", "parameters", "devia"),
    ("1.6", "+ np.sum(W2**2)", "", "loss", "it should be"),
    ("1.6", "loss += 0.5 * self.reg * (np", "loss += self.reg * (np", "loss", "a factor of 0.5"),
    ("1.6", "dW1 = dW1 + self.reg * W1", "pass", "gradients of W", "the regularization is missing, + reg * W1"),
    (
        "1.6",
        '"b1": db1, "W2": dW2',
        '"b1": 2 * db1, "W2": dW2',
        "gradients of b",
        "b1: it is too large by a factor of 2",
    ),
    ("1.6", 'return loss, {"W1"', 'return {"W1"', "loss", "must return (loss, grads)"),
    (
        "1.8",
        "backward = fc_backward if i == last else fc_relu_backward",
        "backward = fc_backward",
        "loss",
        "raises ValueError",
    ),
    ("1.8", "for i in range(last, 0, -1):", "for i in range(last, 1, -1):", "gradients of W", "must have the keys W1"),
    ("1.8", "            loss += 0.5 * self.reg * np.sum(W**2)\n", "", "loss", "the regularization is missing"),
    ("1.9", '- config["learning_rate"] * dw', '+ config["learning_rate"] * dw', "next_w", "uphill"),
    (
        "1.9",
        "return w + velocity, {**config",
        "w += velocity\n    return w, {**config",
        "inputs left alone",
        "writes into w",
    ),
    ("1.9", 'config.get("velocity", np.zeros_like(w))', 'config["velocity"]', "first step", "KeyError"),
    (
        "2.1",
        "self.conv2 = nn.Conv2d(6, 16, 5)",
        "self.conv2 = nn.Conv2d(6, 16, 3)",
        "layers",
        "conv2.weight must have shape",
    ),
    ("2.1", "x = self.pool1(F.relu(self.conv1(x)))", "x = self.pool1(self.conv1(x))", "scores", "it should be"),
    ("2.2", "    optimizer.zero_grad()\n    loss = criterion", "    loss = criterion", "step", "zero_grad"),
    ("2.2", "    loss.backward()\n    optimizer.step()\n    return", "    return", "step", "no weight has moved"),
    ("2.3", "        self.bn2 = nn.BatchNorm2d(16)\n", "", "layers", "bn2.weight must have shape (16,)"),
    (
        "2.3",
        "self.bn1(self.pool1(F.relu(self.conv1(x))))",
        "self.pool1(self.bn1(F.relu(self.conv1(x))))",
        "scores",
        "it should be",
    ),
    (
        "3.1",
        "fully_connected = (16 * 6 * 27 * 256 + 256) + (256 * 4 + 4)",
        "fully_connected = 16 * 6 * 27 * 256 + 256 * 4",
        "cnn",
        "the biases of the fully-connected layers are missing",
    ),
    (
        "3.1",
        "convolutions + fully_connected + 2 * 6 + 2 * 16",
        "convolutions + fully_connected",
        "cnn_bn",
        "batch-norm",
    ),
    ("3.1", "+ (100 * 4 + 4)", "+ 400", "fc", "is not 452700"),
    ("3.2", "agreeing = 0.001 / (1 - 0.9)", "agreeing = 0.001", "agreeing", "without momentum"),
]


@pytest.mark.parametrize(("task", "old", "new", "part", "said"), MISTAKES)
def test_a_mistake_is_told(task, old, new, part, said, solution):
    right = solved(TEXT)
    assert right.count(old) >= 1, f"there is no {old!r} in the solution"
    names = dict(solution)
    for number, (cell, wrong) in enumerate(
        zip(code(right, trains=False), code(right.replace(old, new), trains=False), strict=True)
    ):
        redefines = cell.source != wrong.source or wrong.source.startswith(("def ", "class "))
        if redefines and not wrong.source.startswith(("check(", "grade(")):
            exec(compile(wrong.source, f"cell {number}", "exec"), names)
    report = check(task, names)
    assert report.part(part).verdict == WRONG, report
    assert said in report.part(part).message, report
    assert not re.search(r"it should be (0\.01|452704)(?!\d)", str(report))  # what was to be worked out


@pytest.mark.parametrize("task", ["1.7", "1.10", "2.2", "2.4"])
def test_an_accuracy_that_is_too_low_is_told(task, solution):
    np.random.seed(0)
    net = FullyConnectedNet([5], weight_scale=0)
    cnns = {"cnn": solution["CNNWithoutBatchNorm"](), "cnn_bn": solution["CNNWithBatchNorm"]()}
    for cnn in cnns.values():
        # always quadrant 0: an untrained network may have luck
        cnn.load_state_dict({name: 0 * value for name, value in cnn.state_dict().items()})
    names = solution | cnns | {"best_model": net}
    solver = Solver(solution["TwoLayerNet"](), dataset_directory=solution["dataset"], num_epochs=1, verbose=False)
    names["solver"] = solver
    if task == "1.7":
        assert "has not trained yet: solver.train()" in str(check(task, names))
        solver.train()
    report = check(task, names)
    assert report.verdict == WRONG
    assert "on the validation part it has" in str(report) and "% are asked for" in str(report)


def test_a_comparison_must_be_fair(solution):
    def solver(rule, weight_scale=1e-2):
        net = solution["FullyConnectedNet"]([4], weight_scale=weight_scale)
        one = Solver(net, rule, dataset_directory=solution["dataset"], num_epochs=1, batch_size=50, verbose=False)
        one.train()
        return one

    def said(**solvers):
        return str(check("1.9", solution | {"solvers": solvers}))

    plain = solver("sgd", 1.0)
    assert "must be a dict with the keys" in said(sgd=plain)
    assert "both have the same update rule" in said(sgd=plain, sgd_momentum=solver("sgd"))
    assert "their first losses differ" in said(sgd=plain, sgd_momentum=solver(solution["sgd_momentum"], 1.0))


# -- what is handed out is run -----------------------------------------------------------------------------------------


def notebook(*sources):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    return made


CHECKED = "from gaze_examples.assignment.checking import check\nimport numpy as np"
FORWARD = "def relu_forward(x):\n    return np.maximum(x, {}), x"


def test_a_solved_notebook_has_its_results_and_a_wrong_one_is_refused():
    right = notebook(CHECKED, 'check("1.3", globals())', FORWARD.format(0), 'check("1.3", globals())')
    solutions.run(right)
    assert "not written yet" in solutions.said(right.cells[1])
    assert "right, 2 of 2 points" in solutions.said(right.cells[3])
    with pytest.raises(solutions.WrongSolution, match=r"Task 1\.3: wrong"):
        solutions.run(notebook(CHECKED, FORWARD.format(1), 'check("1.3", globals())'))
