"""Runs untrusted Python against tests in a cage, and judges what it returns outside of it.

with Sandbox() as sandbox:
    verdict = sandbox.run(Job(code="def double(x): return 2 * x", tests=("assert double(4) == 8",)))
"""

from tactful.sandbox.pool import Sandbox
from tactful.sandbox.reference import quarantine, reason
from tactful.sandbox.tiers import current_tier
from tactful.sandbox.types import Job, Outcome, TestResult, Tier, Verdict

__all__ = [
    "Job",
    "Outcome",
    "Sandbox",
    "TestResult",
    "Tier",
    "Verdict",
    "current_tier",
    "quarantine",
    "reason",
]
