"""Training data from judged turns: unpaired rows (KTO), and preference pairs where a need was answered twice.

**Unpaired**: the query, the answer, and whether the reward was above or below zero.

**Pairs**: within a dialogue, an answer that was rejected and a later one, to the same need, that was accepted. Two
exchanges are about the same need when the later query *is* the complaint about the earlier answer (links `restate`,
`correction`, `confusion`), step by step; or when the later query is at least `similar` to the earlier one by
`text.similarity` (link `similarity`).

The later answer knew the complaint, so a pair that shows only the first query would teach guessing. The prompt
therefore holds, in one message, everything that the user said on the way (`prompt="told"`); `prompt="query"` keeps
the first query alone, for restated constraints that it already holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from tactful.data.exporting.forms import Distinct, Preference
from tactful.data.grouped import grouped
from tactful.errors import DataError
from tactful.feedback.chats import number_of
from tactful.feedback.labels import Label
from tactful.feedback.types import JudgedTurn
from tactful.text import similarity
from tactful.text.objections import objects
from tactful.types import Message, Provenance, Record, seeded

Part = Literal["train", "valid", "test"]
Link = Literal["restate", "correction", "confusion", "similarity"]
_LINK: dict[Label, Link] = {
    Label.NEG_CONSTRAINT_RESTATE: "restate",
    Label.NEG_CORRECTION: "correction",
    Label.NEG_CONFUSION: "confusion",
}
BY_DIALOGUE = "dialogue"
SURE = 0.9
"""Confidence that makes an answer wanted although the next message bears a sign of an objection (an undo, `?!`, a
negation at its head)."""


class PairsConfig(Record):
    """What `tactful feedback pairs` does; `config.toml` of the run folder holds it."""

    min_reward: float = Field(default=0.05, gt=0, le=1)
    """Least size of a reward that makes a row; 0.5 leaves `pos_progress` (+0.1) out."""
    similar: float = Field(default=0.6, gt=0, le=1)
    """Least similarity of two queries that count as the same need."""
    prompt: Literal["told", "query"] = "told"
    """What a pair's prompt holds: all that the user said on the way, or the first query alone."""
    group_by: str = BY_DIALOGUE
    """What never stands in two splits: `dialogue`, or a key of the turns' meta, such as a user id."""
    valid: float = Field(default=0.1, ge=0, lt=1)
    """Share of the groups in the validation part."""
    test: float = Field(default=0.1, ge=0, lt=1)
    seed: int = 0
    source: str = ""
    """Filled in when the run is made: hash of the judgements' run or file."""


class UnpairedRow(Record):
    """One answer, good or bad."""

    id: str
    kind: Literal["unpaired"] = "unpaired"
    part: Part
    group: str
    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    label: bool
    """True: the answer is wanted."""
    reward: float
    label7: Label
    confidence: float
    provenance: Provenance


class PairedRow(Record):
    """A rejected answer and a later accepted one."""

    id: str
    kind: Literal["pair"] = "pair"
    part: Part
    group: str
    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    margin: float
    """Difference of the two rewards, above 0."""
    chosen_turn: str
    rejected_turn: str
    link: Link
    similarity: float | None
    """Of the two queries, where that is the link."""
    provenance: Provenance


TrainingRow = UnpairedRow | PairedRow


@dataclass
class PairsSummary:
    """What became of the judged turns. turns = good + bad + every count in `left_out`."""

    turns: int = 0
    good: int = 0
    bad: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    """By link."""
    pairs_left_out: Counter[str] = field(default_factory=Counter)
    contradicting: int = 0
    """Of the pairs: those that prefer what an earlier one rejects at the same prompt; both are written."""
    parts: Counter[str] = field(default_factory=Counter)
    """Rows by `kind part`."""


@dataclass
class TrainingRows:
    """The rows made from judged turns, lazily; turns of one dialogue may stand anywhere.

    Raises, while iterating: DataError, when a turn lacks the key that the splits go by.
    """

    judged: Iterable[JudgedTurn]
    config: PairsConfig
    summary: PairsSummary = field(default_factory=PairsSummary)

    def __iter__(self) -> Iterator[TrainingRow]:
        self.summary = PairsSummary()
        distinct = Distinct()
        for turns in grouped(self.judged, key=lambda item: (item.turn.source, item.turn.dialogue_id)):
            rows: list[TrainingRow] = [*self._unpaired(turns), *self._paired(_in_order(turns), distinct)]
            for row in rows:
                self.summary.parts[f"{row.kind} {row.part}"] += 1
                yield row
        left_out = {"equal answers": distinct.equal_sides, "repeated": distinct.repeated}
        self.summary.contradicting = distinct.contradicting
        self.summary.pairs_left_out.update({why: count for why, count in left_out.items() if count})

    def _unpaired(self, turns: Sequence[JudgedTurn]) -> Iterator[UnpairedRow]:
        for item in turns:
            self.summary.turns += 1
            why_not = self._why_not(item)
            if why_not:
                self.summary.left_out[why_not] += 1
                continue
            turn, judgement = item.turn, item.judgement
            assert judgement.label is not None
            assert judgement.confidence is not None
            assert judgement.reward is not None
            good = judgement.reward > 0
            self.summary.good += good
            self.summary.bad += not good
            group, part = self._place(item)
            yield UnpairedRow(
                id=turn.id,
                part=part,
                group=group,
                prompt=(Message(role="user", content=turn.q_t),),
                completion=(Message(role="assistant", content=turn.a_t),),
                label=good,
                reward=judgement.reward,
                label7=judgement.label,
                confidence=judgement.confidence,
                provenance=judgement.provenance,
            )

    def _why_not(self, item: JudgedTurn) -> str:
        judgement = item.judgement
        if judgement.label is None or judgement.reward is None:
            return "unscored"
        if judgement.label is Label.TOPIC_SHIFT:
            return "topic shift"
        if not judgement.should_update:
            return "below the threshold"
        if abs(judgement.reward) < self.config.min_reward:
            return "reward too small"
        if judgement.reward > 0 and objects(item.turn.user_next) and (judgement.confidence or 0) < SURE:
            return "praise that may be an objection"
        return "" if item.turn.a_t.strip() else "empty answer"

    def _paired(self, turns: Sequence[JudgedTurn], distinct: Distinct) -> Iterator[PairedRow]:
        usable = [not self._why_not(item) for item in turns]
        for at, rejected in enumerate(turns):
            if not usable[at] or (rejected.judgement.reward or 0.0) > 0:
                continue
            for later, link, alike, told in _same_need(turns, at, self.config.similar):
                chosen = turns[later]
                if usable[later] and (chosen.judgement.reward or 0.0) > 0:
                    if self._place(chosen)[1] != self._place(rejected)[1]:
                        self.summary.pairs_left_out["answers of two parts"] += 1
                        break
                    pair = self._pair(rejected, chosen, link, alike, told)
                    if distinct.takes(Preference(pair.id, pair.prompt, pair.chosen, pair.rejected)):
                        self.summary.pairs[link] += 1
                        yield pair
                    break  # the first accepted answer settles the need

    def _pair(
        self, rejected: JudgedTurn, chosen: JudgedTurn, link: Link, alike: float | None, told: Sequence[str]
    ) -> PairedRow:
        group, part = self._place(rejected)
        text = "\n\n".join(told) if self.config.prompt == "told" else rejected.turn.q_t
        assert chosen.judgement.reward is not None
        assert rejected.judgement.reward is not None
        return PairedRow(
            id=f"{rejected.turn.id}>{chosen.turn.id}",
            part=part,
            group=group,
            prompt=(Message(role="user", content=text),),
            chosen=(Message(role="assistant", content=chosen.turn.a_t),),
            rejected=(Message(role="assistant", content=rejected.turn.a_t),),
            margin=chosen.judgement.reward - rejected.judgement.reward,
            chosen_turn=chosen.turn.id,
            rejected_turn=rejected.turn.id,
            link=link,
            similarity=alike,
            provenance=chosen.judgement.provenance,
        )

    def _place(self, item: JudgedTurn) -> tuple[str, Part]:
        """The group of a turn and its part: drawn from seed and group alone, so that new data moves nothing."""
        config, turn = self.config, item.turn
        if config.group_by == BY_DIALOGUE:
            group = turn.dialogue_id
        elif turn.meta.get(config.group_by) is not None:
            group = f"{config.group_by}={turn.meta[config.group_by]}"
        else:
            raise DataError(
                f"turn '{turn.id}' has no '{config.group_by}' to split by; it has: "
                f"{', '.join(sorted(turn.meta)) or 'no keys'}; choose one, or --group-by dialogue"
            )
        draw = seeded("split", config.seed, group).random()
        part: Part = (
            "test" if draw < config.test else "valid" if draw < config.test + config.valid else "train"
        )
        return group, part


def _in_order(turns: Sequence[JudgedTurn]) -> list[JudgedTurn]:
    """By their place in the dialogue, then by the number in their ids; what has neither stays as in the log."""
    return sorted(turns, key=lambda item: (item.turn.index, number_of(item.turn)))


def _same_need(
    turns: Sequence[JudgedTurn], start: int, similar: float
) -> Iterator[tuple[int, Link, float | None, tuple[str, ...]]]:
    """Later exchanges about the need of the one at `start`: (place, link, similarity, what the user said so far)."""
    first = turns[start]
    told = [first.turn.q_t]
    link: Link | None = None
    unbroken = True
    for at in range(start + 1, len(turns)):
        before, here = turns[at - 1], turns[at]
        label = before.judgement.label
        unbroken = unbroken and label in _LINK and here.turn.q_t == before.turn.user_next
        if unbroken:
            assert label is not None
            link = link or _LINK[label]
            told.append(here.turn.q_t)
            yield at, link, None, tuple(told)
            continue
        alike = similarity(first.turn.q_t, here.turn.q_t)
        if alike >= similar:
            yield at, "similarity", alike, (*told, here.turn.q_t)
