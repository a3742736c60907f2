"""The side index of a run, beside other caches of this user; never in the run folder."""
