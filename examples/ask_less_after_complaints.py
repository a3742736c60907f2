"""A chat loop that asks less after a user had to repeat themselves. Offline: no key, no network.

    python examples/ask_less_after_complaints.py

Before each answer the loop looks at how welcome questions are to this user (`UserPrior`) and asks only while that
is above 0.45. The user's next message is read by the embedded judge; what is sure enough updates the belief.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tactful.feedback.embedded import open_embedded
from tactful.feedback.types import Turn
from tactful.feedback.user_prior import UserPrior

ASK_ABOVE = 0.45
CHAT = (
    # what the user wants, the question that the assistant would ask, and what the user writes next
    (
        "Plan a vegetarian dinner for four.",
        "Do you eat meat or fish?",
        "I said vegetarian. As I mentioned, for four.",
    ),
    (
        "Find a hotel for less than 90 euros near the station.",
        "What is your budget?",
        "Like I told you, less than 90 euros. I already said that.",
    ),
    ("Write a product text under 50 words.", "How long should it be?", "Great, thank you!"),
    ("Suggest a gift for my dad, no gadgets please.", "Does he like gadgets?", "Perfect, thanks."),
)


def main() -> list[str]:
    """Play the chat; what the assistant did at each turn."""
    done = []
    judge = open_embedded()
    with tempfile.TemporaryDirectory() as folder, UserPrior(Path(folder) / "users.sqlite") as prior:
        for place, (query, question, next_message) in enumerate(CHAT):
            belief = prior.welcome("ana", "planning")
            asks = belief.mean > ASK_ABOVE
            answer = question if asks else "Here is a first version; tell me what to change."
            done.append("asks" if asks else "answers")
            low, high = belief.interval()
            print(f"user: {query}")
            print(
                f"assistant ({done[-1]}; questions welcome {belief.mean:.2f} [{low:.2f}, {high:.2f}]): {answer}"
            )
            print(f"user: {next_message}")
            turn = Turn(
                id=f"chat/{place}",
                dialogue_id="chat",
                index=place,
                q_t=query,
                a_t=answer,
                user_next=next_message,
            )
            judgement = judge.judge_now([turn])[0]
            print(f"  {judgement.label} ({judgement.confidence:.2f}), reward {judgement.reward:+.1f}\n")
            if asks:  # only then the message says something about questions
                prior.update("ana", "planning", judgement)
        print(f"what a policy sees of this user: {prior.history('ana', 'planning')}")
    return done


if __name__ == "__main__":
    main()
