"""Which of the packages and programs that minigrad can use are here and work, and what to do about those that do not.

Each is asked in a process of its own (`probes.py`), with a time limit (`asking.py`): a package may raise when it is
imported, print, hang or end its process, and costs its own line only. What the answers mean stands in `software.py`,
`gpu.py` and `processes.py`; `report.py` says it to people and to programs.
"""

from minigrad.doctor.examination import examine
from minigrad.doctor.report import Finding, Report

__all__ = ["Finding", "Report", "examine"]
