"""Input that nobody should send, and somebody will: the rows B1 to B42 of the table of bad input.

No input gives a 5xx, none is silently changed in meaning, none is silently dropped. Each row has tests that begin with
its number (`test_table.py` sees to it). What is refused carries a red flag beside it, which must be told all the same.
"""
