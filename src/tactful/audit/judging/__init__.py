"""What is found out about one passage: the signs in the reply, what a reader says, and the verdict of both.

A chat model may judge the same passages (`prompted.py`); workers on Ray judge them as here (`on_ray.py`).
"""
