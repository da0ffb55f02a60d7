"""A file for each command of `gaze`, with its options (`add`) and what it does; and what the commands share."""
