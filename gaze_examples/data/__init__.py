"""Gaze data: every format becomes one `EyeSet`."""
