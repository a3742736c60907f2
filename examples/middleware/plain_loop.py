"""Tactful in a plain loop, in the process of the assistant: each turn is decided, and the next one tells what came of it.

    python examples/middleware/plain_loop.py

Put your own model where `model` is. What is decided and learned is kept in `live.sqlite`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tactful.live.advisor import Advisor
from tactful.live.settings import LiveSettings
from tactful.types import Message

Model = Callable[[Sequence[Message]], str]


def answered(advisor: Advisor, model: Model, messages: Sequence[Message], user: str) -> str:
    """The answer to the last message of `messages`. Whatever fails in the advisor, the model is asked as without it."""
    advice = advisor.decide(messages, user=user)
    if advice.behaviour:  # empty in shadow, outside the share of traffic, with the kill switch on
        messages = [*messages[:-1], Message(role="system", content=advice.behaviour), messages[-1]]
    return model(messages)


def model(messages: Sequence[Message]) -> str:
    """Stands in for yours: it asks when it hears that a question is worth it."""
    told = " ".join(one.content for one in messages if one.role == "system")
    return "For how many, and when?" if "worth this person's time" in told else "Done."


def main() -> None:
    """Three requests of one person, who answers questions."""
    with Advisor("live.sqlite", settings=LiveSettings(mode="advise")) as advisor:
        advisor.ready()  # what is loaded at the first decision is loaded now
        for request in ("Book a table", "What is the capital of Peru?"):
            messages = [Message(role="user", content=request)]
            for reply in ("Four, on Friday at 7 pm.", ""):
                said = answered(advisor, model, messages, user="ann")
                print(f"user       {messages[-1].content}\nassistant  {said}\n")
                if said == "Done." or not reply:
                    break
                messages += [Message(role="assistant", content=said), Message(role="user", content=reply)]


if __name__ == "__main__":
    main()
