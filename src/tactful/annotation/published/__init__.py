"""What is wrong with a published set of judged moments: leaks, labels against votes, what is missing, agreement.

`reading.py` takes rows as they are, also those that contradict themselves; `audit.py` is the one way in.
"""
