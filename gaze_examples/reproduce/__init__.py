"""`gaze reproduce`: the assignment from its first check to its last network, on any eyes, in one report.

`outline.py` lists the tasks, `run.py` does them one after the other and keeps what each has found in the folder, so
that what is done is not done again; `report.py` writes the page, with the notebook's published numbers beside ours.
"""
