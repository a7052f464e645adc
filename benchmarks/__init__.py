"""One command per question: `python -m benchmarks.NAME` prints a table with its machine and writes JSON."""
