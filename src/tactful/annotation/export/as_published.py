"""ProactiveBench's conversion of votes, with its faults, for comparison; never what to train on.

What arXiv:2410.12361's repository (thunlp/ProactiveAgent, `convert_annotations.py`) does with the votes on the candidates
of an observation, told in our words:

1. help was needed iff **everybody** accepted one and the same candidate;
2. of two annotators or more, a silence is made: wrong, if help was needed; else right, if **anybody accepted something**;
   none at all where nobody did;
3. the vote of an annotator on that silence is that they accepted no candidate;
4. a candidate is accepted with two votes for it and rejected with two against it: nothing with one each, **both** with two
   each;
5. thirty rows of each category, whatever their observation, are drawn for the test file: first those of three votes that
   all say what the label says, then those where two do.

Its faults, in that order. A need that two of three share counts as none, and silence as right; three who each want another
candidate are "silence was right" too; observations that everybody would have left in peace give no silence, so that no
label of a right silence rests on people who wanted it; ties vanish or stand twice; the test set shares its observations
with the training set, and holds its clearest rows. Nobody was asked about silence, and nothing corrects the agreement for
chance.

How far this is what was done: from the votes in `reward_train.jsonl` alone (1,629 rows, 313 observations) it gives the label
of all 1,387 candidates, the need of 305 observations, and 216 of 242 silences whole; of the other 26 silences, and of the 8
needs, candidates lie in the test file. It makes 60 silences that are not there: thirty wrong and thirty right ones were
drawn for the test file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from tactful.annotation.export.observations import Observation
from tactful.types import LabelledMoment, Moment, MomentLabel

DRAWN = 30
"""Rows of each category in its test file."""
_ORDER = ("missed-need", "correct-silence", "hit", "false-alarm")


def as_published(seen: Sequence[Observation]) -> list[LabelledMoment]:
    """The rows that the published conversion makes; decisions and the question whether help was wanted are not looked at."""
    return [row for one in seen for row in _converted(one)]


def _converted(one: Observation) -> Iterator[LabelledMoment]:
    names = list(dict.fromkeys(name for offer in one.offers for name in offer.unit.votes))
    names = [name for name in names if all(name in offer.unit.votes for offer in one.offers)]
    columns = [[bool(offer.unit.votes[name]) for name in names] for offer in one.offers]
    if not names:
        return
    needed = any(all(column) for column in columns)
    chose = [any(said) for said in zip(*columns, strict=True)]

    def row(unit: str, proposal: str | None, accepted: bool, votes: Sequence[bool]) -> LabelledMoment:
        return LabelledMoment(
            moment=Moment(id=unit, session=one.item.session, events=one.events, proposal=proposal),
            label=MomentLabel(accepted=accepted, help_needed=needed, votes=tuple(votes)),
        )

    if len(names) >= 2 and any(chose):
        yield row(f"{one.item.id}#silence", None, not needed, [not said for said in chose])
    for accepted in (True, False):
        for offer, column in zip(one.offers, columns, strict=True):
            if column.count(accepted) >= 2:
                yield row(offer.unit.id, offer.proposal, accepted, column)


def draw_test(rows: Sequence[LabelledMoment], seed: int, drawn: int = DRAWN) -> tuple[list[int], list[int]]:
    """Places of (train, test): row by row, the clearest of each category into the test."""
    random, test = Random(seed), set[int]()
    for category in _ORDER:
        own = [at for at, row in enumerate(rows) if row.category == category]
        random.shuffle(own)
        label = [(rows[at].label, at) for at in own]
        clear = [at for one, at in label if len(one.votes) == 3 and one.votes.count(one.accepted) == 3]
        nearly = [at for one, at in label if one.votes.count(one.accepted) == 2]
        test |= set([*clear, *nearly][:drawn])
    return [at for at in range(len(rows)) if at not in test], sorted(test)
