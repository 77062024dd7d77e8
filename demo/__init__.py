"""The whole system on one machine with a story in it: two clinics, their patients' phones and their staff.

Not part of the product. What is invented here (people, courses, complications) is drawn from a seed and the calendar,
so that the same day brings the same patients at every start.
"""
