"""A pool that people of differing quality have worked on: what the administrator's pages and benchmarks are looked at with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import insert, select, update
from tests.annotation.pool import START

from tactful.annotation.services.assigning import shown_order
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, answers, items, slots
from tactful.annotation.types import (
    Answer,
    Asking,
    AskingAnswer,
    FollowUp,
    FollowUpAnswer,
    Item,
    Proposals,
    ProposalsAnswer,
    Replies,
    RepliesAnswer,
)
from tactful.types import Event, Label, Message, seeded

QUALITIES = (0.97, 0.93, 0.9, 0.85, 0.75, 0.55)
"""How often each person answers as is right; else anything."""
NAMES = ("Ada", "Bei", "Chidi", "Dalia", "Emre", "Fumiko")
_LABELS = tuple(Label)


def right_answer(item: Item, seed: int = 0) -> Answer:
    """What is right of an item of this pool."""
    return _answer(item, seeded(seed, "right", item.id))


def make_pool(count: int, seed: int = 0, *, gold: int = 0) -> list[Item]:
    """Items of all four kinds, eight to a session; `gold` more whose answer is known."""
    found = []
    for number in range(count + gold):
        shown, setting, source = _shown(number)
        one = Item(
            id=f"item-{number}", session=f"session-{number // 8}", setting=setting, shown=shown, source=source
        )
        found.append(one if number < count else one.model_copy(update={"gold": right_answer(one, seed)}))
    return found


def simulate(
    store: Store,
    *,
    count: int = 200,
    gold: int = 10,
    qualities: Sequence[float] = QUALITIES,
    done: float = 0.8,
    seed: int = 0,
    start: datetime = START,
) -> list[str]:
    """Fill an empty database: a pool of which the share `done` is answered, gold items and repeats, skips with reasons,
    comments. Returns the annotators' UUIDs."""
    load_items(store, make_pool(count, seed, gold=gold))
    rng = seeded(seed, "simulated")
    people = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in qualities]
    with store.write() as connection:
        project = project_of(connection)
        rows = [
            {
                "id": id,
                "name": NAMES[at] if at < len(NAMES) else f"Person {at + 1}",
                "name_key": NAMES[at].casefold() if at < len(NAMES) else f"person {at + 1}",
                "password_hash": "",
                "role": "annotator",
                "created_at": start + timedelta(minutes=at),
            }
            for at, id in enumerate(people)
        ]
        connection.execute(insert(annotators), rows)
        held = connection.execute(select(items.c.id, items.c.record, items.c.number)).all()
        said: list[dict[str, Any]] = []
        taken: list[dict[str, Any]] = []
        clock = dict.fromkeys(people, start + timedelta(hours=1))
        for row in held:
            item = Item.model_validate_json(row.record)
            places = (
                list(
                    connection.execute(
                        select(slots.c.id).where(slots.c.item_id == row.id).order_by(slots.c.id)
                    ).scalars()
                )
                if row.number >= 0
                else [None] * len(people)
            )
            who = rng.sample(range(len(people)), min(len(places), len(people)))
            for place, at in zip(places, who, strict=False):
                if rng.random() > done:
                    continue
                id, right = people[at], right_answer(item, seed)
                clock[id] += timedelta(seconds=5 + rng.expovariate(1 / 15))
                base = {
                    "item_id": row.id,
                    "annotator_id": id,
                    "skipped": "",
                    "comment": "Hard to say without the file." if rng.random() < 0.04 else "",
                    "seconds": 5 + rng.expovariate(1 / 15),
                    "shown_order": orjson.dumps(shown_order(project, id, item, False)).decode(),
                    "repeat": False,
                    "answered_at": clock[id],
                    "withdrawn_at": None,
                    "answer": None,
                    "slot_id": place,
                }
                if rng.random() < 0.03:
                    said.append(base | {"skipped": rng.choice(("unclear", "language", "broken"))})
                    continue
                answer = right if rng.random() < qualities[at] else _answer(item, rng)
                said.append(base | {"answer": answer.model_dump_json()})
                if place is not None:
                    taken.append({"place": place, "who": id})
                if rng.random() < 0.05:
                    again = right if rng.random() < qualities[at] else _answer(item, rng)
                    later = {
                        "answered_at": clock[id] + timedelta(minutes=30),
                        "repeat": True,
                        "slot_id": None,
                    }
                    said.append(base | later | {"answer": again.model_dump_json(), "comment": ""})
        connection.execute(insert(answers), sorted(said, key=lambda one: one["answered_at"]))
        for one in taken:
            connection.execute(
                update(slots)
                .where(slots.c.id == one["place"])
                .values(state="answered", annotator_id=one["who"])
            )
    return people


def settings(store: Store, **given: Any) -> Project:
    """The project's settings, changed and stored."""
    from tactful.annotation.services.project import keep_project

    with store.read() as connection:
        project = project_of(connection).model_copy(update=given)
    keep_project(store, project)
    return project


def _answer(item: Item, rng: Any) -> Answer:
    shown = item.shown
    match shown:
        case Proposals():
            wanted = rng.random() < 0.55
            return ProposalsAnswer(
                accepted=tuple(wanted and rng.random() < 0.6 for _ in shown.candidates), help_wanted=wanted
            )
        case Replies():
            return RepliesAnswer(better=rng.choice(("first", "second", "tie")))
        case FollowUp():
            return FollowUpAnswer(label=rng.choice(_LABELS))
        case Asking():
            return AskingAnswer(verdict=rng.choice(("ask", "act", "either")))


def _shown(number: int) -> tuple[Any, str, str]:
    kind = number % 5
    if kind < 2:
        events = tuple(
            Event(text=text.format(n=number))
            for text in (
                "The user opens `report_{n}.py` in the editor.",
                "The user runs the tests; 3 of 41 fail with an AssertionError.",
                "The user searches the web for “pytest parametrize indirect”.",
                "The user scrolls through the documentation and goes back to the editor.",
            )
        )
        offers = (
            "Shall I show which fixture the failing tests share?",
            "I can explain indirect parametrization on your own test.",
            "Shall I close the tabs that you have not used today?",
        )
        return Proposals(events=events, candidates=offers[: 1 + number % 3]), "coding", "gym-coding"
    if kind == 2:
        asked = Message(role="user", content=f"Shorten the second paragraph of letter {number}, please.")
        return (
            Replies(
                messages=(asked,),
                first="Here it is, in two sentences.",
                second="Should it stay formal, or may it be warmer?",
            ),
            "writing",
            "calibration-pairs",
        )
    if kind == 3:
        return (
            FollowUp(
                request=f"What is the capital of district {number}?",
                answer="I think it is the old market town.",
                next="No, since the reform it is another one.",
            ),
            "daily",
            "feedback-turns",
        )
    asked = Message(role="user", content=f"Book a table for Friday, {2 + number % 5} people.")
    return Asking(messages=(asked,)), "planning", "states"
