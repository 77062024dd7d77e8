"""What is measured, and against what: ratios of two things inside one interleaved run, since machines are shared.

`make bench` runs everything, writes bench/results.json and prints a table; `python -m bench post` runs one part.
"""
