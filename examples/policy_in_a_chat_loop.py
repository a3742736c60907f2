"""A policy in an assistant's loop: before it answers, it decides whether to ask. Offline; no key, no model.

    python examples/policy_in_a_chat_loop.py                     the readable rule
    python examples/policy_in_a_chat_loop.py policy.json         a policy of `tactful policy train`

Three requests of one user, who rejects questions; the rule becomes quieter. Put your own model where
`answer` is, and your own user interface where `USER` is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tactful.calibration.tasks.states import complete_states
from tactful.policy import RulePolicy
from tactful.policy.embedded import load_policy
from tactful.types import Policy, State, UserHistory, seeded

USER = {
    "Plan something nice for the weekend.": "No questions, just do it.",
    "Organise a party for my sister.": "Stop asking, I have no time.",
    "Put together a trip for us.": "Just give me a plan.",
}
"""Request → what this user says when asked something."""


@dataclass
class Assistant:
    """Keeps count of what the user has put up with, and lets the policy decide."""

    policy: Policy
    user: UserHistory = field(default_factory=UserHistory)

    def decide(self, query: str) -> str:
        """The action for a fresh request. Clarity and complexity are estimated from its text."""
        state = complete_states([State(id="now", domain="planning", query=query)])[0]
        decision = self.policy.act(state.public(user=self.user), seeded(0, query))
        return decision.action

    def remember(self, *, questions: int, rejected: bool) -> None:
        """What this task showed about the user; the next decision sees it."""
        seen = self.user
        self.user = UserHistory(
            tasks=seen.tasks + 1,
            questions=seen.questions + questions,
            answered=seen.answered + (0 if rejected else questions),
            rejected=seen.rejected + rejected,
        )


def answer(query: str) -> str:
    """Stands in for your model."""
    return f"Here is a plan: ({query.rstrip('.').lower()})"


def main(arguments: Sequence[str]) -> None:
    """Play the three requests."""
    policy: Policy = load_policy(Path(arguments[0])) if arguments else RulePolicy(("LOW", "MID", "HIGH"))
    assistant = Assistant(policy)
    for query, says in USER.items():
        action = assistant.decide(query)
        print(f"user       {query}\npolicy     {policy.name}: {action}")
        asks = action != "LOW"
        if asks:
            print(f"assistant  Before I start: who is it for, and when?\nuser       {says}")
        print(f"assistant  {answer(query)}\n")
        assistant.remember(questions=int(asks), rejected=asks)


if __name__ == "__main__":
    main(sys.argv[1:])
