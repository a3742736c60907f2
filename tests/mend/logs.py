"""A made log: an assistant that asks where the request is clear and guesses where it is open, to users of two kinds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLEAR = (
    "Write a Python function {name}(n) that returns True if n is prime and False otherwise.",
    "Sort these four numbers for {name}, smallest first: 8, 3, 5, 1.",
    "Translate 'good morning, {name}' into French, informal, one line.",
    "Write a bash command that counts the lines of all .log files under /var/{name}, recursively.",
    "In settings.py, set DEBUG to False and ALLOWED_HOSTS to ['{name}.org']; change nothing else.",
)
OPEN = (
    "Clean up the {name} folder.",
    "Book a table for the {name} team.",
    "Send the report about {name} to them.",
    "Delete the old {name} files.",
    "Write an invitation for the {name} thing.",
)
NAMES = (
    "atlas",
    "borealis",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "indigo",
    "juniper",
    "krill",
    "lumen",
    "mosaic",
    "nimbus",
    "onyx",
)
NEEDLESS = ("Which version do you use, and would you like comments?", "Should I keep the style as it is?")
IMPATIENT = ("Just do it, I already said everything.", "I already said it. stop asking and just write it")
NEEDED = ("Which of them do you mean?", "For when, and for whom?")
GUESSED = "Done: I deleted everything older than a week and sent a note to all."
CORRECTED = (
    "No! I never said delete anything. I meant only the drafts.",
    "No, that's wrong, I never asked for that.",
)


def talk(rng: random.Random, user: str, number: int, *, draws: bool) -> dict[str, Any]:
    """A conversation. `draws`: the assistant asks by chance, and its messages say how likely that was."""
    is_open = rng.random() < 0.5
    request = rng.choice(OPEN if is_open else CLEAR).format(name=NAMES[number % len(NAMES)])
    chance = (0.4 if is_open else 0.5) if draws else (0.15 if is_open else 0.7)
    asks = rng.random() < chance
    turns: list[tuple[str, str]] = [("user", request)]
    if asks and not is_open:
        turns += [("assistant", rng.choice(NEEDLESS)), ("user", rng.choice(IMPATIENT))]
        turns += [("assistant", "Here it is, as you said."), ("user", "thanks")]
    elif asks:
        turns += [
            ("assistant", rng.choice(NEEDED)),
            ("user", f"The {NAMES[number % 7]} one, for Friday at 7 pm."),
        ]
        turns += [
            ("assistant", f"Done for {NAMES[number % 7]}, Friday, 7 pm."),
            ("user", "Perfect, thank you!"),
        ]
    elif is_open:
        turns += [("assistant", GUESSED), ("user", rng.choice(CORRECTED))]
        turns += [("assistant", "Restored; the drafts alone are gone now."), ("user", "ok thanks")]
    else:
        turns += [("assistant", "Here it is, as you said."), ("user", "Great, thank you!")]
    messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in turns]
    if draws:
        messages[1]["propensity"] = chance if asks else 1 - chance
    return {"id": f"c{number}", "user": user, "messages": messages}


def talks(count: int, *, users: int = 30, seed: int = 0, draws: bool = False) -> Iterator[dict[str, Any]]:
    """`count` conversations, in turn of so many users."""
    rng = random.Random(seed)
    for number in range(count):
        yield talk(rng, f"user-{number % users}", number, draws=draws)


def write_log(path: Path, count: int, **how: Any) -> Path:
    """A log of OpenAI messages."""
    path.write_text("".join(json.dumps(row) + "\n" for row in talks(count, **how)))
    return path
