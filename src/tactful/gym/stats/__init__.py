"""What is in episodes, recorded traces and logs of work: counts, offers, timing, and a picture of each."""
