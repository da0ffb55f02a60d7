"""Do the tasks one after the other; what is finished stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from gaze_examples.data import DataError, GazeData
from gaze_examples.reproduce import report
from gaze_examples.reproduce.findings import Finding, Lab
from gaze_examples.reproduce.folder import Reproduction
from gaze_examples.reproduce.outline import TASKS


def reproduce(begun: Reproduction, data: GazeData, say: Callable[[str], None] = print) -> dict[str, Finding]:
    """Do every task that is not done yet, and write the report; returns what each has found.

    say: is given a line for each task. Ctrl-C writes the report of what there is, and is raised again.
    """
    if data.describe() != begun.data:
        raise DataError(f"The reproduction in {begun.folder} was begun on other data: {begun.data.splitlines()[0]}")
    findings: dict[str, Finding] = {}
    seed = begun.asked["seed"]
    lab = Lab(data, seed, begun.quick, begun.folder, {}, begun.asked.get("device", "cpu"))
    try:
        for number, task in enumerate(TASKS, 1):
            finding = begun.kept(task.key)
            earlier = finding is not None
            if finding is None:
                start = time.perf_counter()
                finding = task.work(lab)
                finding = replace(finding, seconds=time.perf_counter() - start)
                begun.keep(task.key, finding)
            findings[task.key] = finding
            lab.found[task.key] = finding.numbers
            took = "done before" if earlier else f"{finding.seconds:.1f} s"
            say(f"{number:2}/{len(TASKS)}  {task.key:8}{task.title}: {finding.said}   {took}")
        report.write(begun, lab, findings)
    except KeyboardInterrupt:
        if findings:
            report.write(begun, lab, findings)
        raise
    except OSError as error:
        raise DataError(
            f"Could not write into {begun.folder} ({error}); make room, then gaze reproduce --resume {begun.folder}."
        ) from error
    return findings
