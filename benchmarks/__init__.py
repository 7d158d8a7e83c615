"""Measurements on a real broker, against peers that do the same job: `python -m benchmarks`, see docs/benchmarks.md."""
