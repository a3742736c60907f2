"""From votes to what trains and measures: one value from several votes, and the files of each form.

votes.py keeps everything; units.py says what was voted on; aggregate.py and dawid_skene.py make one value of many;
observations.py, moments.py and rows.py make rows of them; as_published.py repeats a published conversion; pipeline.py
writes.
"""
