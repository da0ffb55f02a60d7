"""Speed, measured: `python -m tests.benchmarks` runs minigrad and PyTorch interleaved and prints their ratio."""
