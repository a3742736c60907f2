"""One file a method, and the losses that TRL's trainers do not have; each gives its trainer to `running.py`."""
