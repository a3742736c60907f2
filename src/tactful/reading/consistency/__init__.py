"""Requests for code: several solutions, run against each other; where they disagree, the request is open."""
