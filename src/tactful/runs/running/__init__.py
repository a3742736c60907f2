"""The runner: intake, executor, opening, retry, progress."""
