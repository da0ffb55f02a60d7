"""The assignment's notebook answers back: `check("1.2", globals())` says what is right of task 1.2, and what is not.

It looks at the names that the notebook has defined so far. What is not there yet is "not written yet", and never an
error. The tasks and their points are the table in `tasks`; how an answer is looked at, in the files beside it.
"""

from gaze_examples.assignment.checking.tasks import Grades, check, grade

__all__ = ["Grades", "check", "grade"]
