"""Attacks and losses: the rows S1 to S61 of the security checklist.

Each row has a test that begins with its number, here or where `rows.py` says, or a line in docs/security.md that tells
why it does not apply (`test_table.py` sees to it).
"""
