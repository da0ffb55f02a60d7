"""The pytest plugin: every part of an answer is a test, and a teacher's tests find the report."""

from tests.minigrad.exercises.answers import patched

pytest_plugins = ["pytester"]
PLUGIN = ("-p", "minigrad.exercises.pytest_plugin", "-p", "no:cacheprovider")


def test_each_part_is_a_test_and_a_folder_is_searched(pytester):
    pytester.makepyfile(square=patched("square", ("2 * x", "x")), test_more="def test_more():\n    pass\n")
    result = pytester.runpytest_inprocess(*PLUGIN, "--junitxml=report.xml", "-v")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["square.py::dx FAILED*", "square.py::float32 FAILED*", "*test_more PASSED*"])
    result.stdout.fnmatch_lines(["dx: it is too small by a factor of 2*", "float32: not looked at"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    xml = (pytester.path / "report.xml").read_text()
    assert xml.count('<property name="points" value="0" />') == 2


def test_a_file_that_is_named_is_not_imported_and_trouble_is_told(pytester):
    pytester.makepyfile(relu="# minigrad exercise: relu\nraise ValueError('not yours')\n")
    result = pytester.runpytest_inprocess(*PLUGIN, "relu.py")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["dx: the file raises ValueError: not yours", "line 2, in <module>*"])


def test_a_teachers_test_finds_the_submission(pytester):
    pytester.makepyfile(
        test_hidden="""
        def test_dx(submission):
            assert submission.part("dx")

        def test_points(submission):
            assert submission.points == submission.possible == 2
        """
    )
    answer = pytester.mkdir("handed_in") / "mine.py"
    answer.write_text(patched("relu"))
    pytester.runpytest_inprocess(*PLUGIN, "test_hidden.py", f"--submission={answer}").assert_outcomes(passed=2)
    without = pytester.runpytest_inprocess(*PLUGIN, "test_hidden.py")
    without.assert_outcomes(errors=2)
    without.stdout.fnmatch_lines(["*the fixture `submission` needs the option --submission FILE.*"])
