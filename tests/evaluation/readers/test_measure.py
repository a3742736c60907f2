from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tactful.data.corpora.types import FollowUpRow, RequestRow
from tactful.evaluation.readers.measure import measure_reader
from tactful.reading import REACTIONS, Exchange, Need, OfferReading, ReactionReading, Request
from tactful.reading.labelled import Labelled
from tactful.types import Moment


class Told:
    """Says what each text carries: `0.7 …` is p(need) 0.7, `? …` is not known; for follow-ups the label's number."""

    name = "told"

    async def needs(self, requests: Sequence[Request]) -> list[Need]:
        first = [request.text.split()[0] for request in requests]
        return [Need(need=None, unknown="asked to") if one == "?" else Need(need=float(one)) for one in first]

    async def reactions(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        said = [int(exchange.next.split()[0]) for exchange in exchanges]
        return [
            ReactionReading(probabilities={label: float(at == one) for at, label in enumerate(REACTIONS)})
            for one in said
        ]

    async def offers(self, moments: Sequence[Moment]) -> list[OfferReading]:
        return [OfferReading(accept=0.5) for _ in moments]


def requests(*texts: tuple[str, str, str]) -> Labelled:
    return Labelled(
        tuple(
            RequestRow(id=str(at), group=group, writer="w", lang="en", domain="x", text=text, label=label)
            for at, (group, text, label) in enumerate(texts)
        )
    )


def test_auroc_and_the_order_within_a_group_are_by_hand() -> None:
    # open 0.9, 0.4; complete 0.2, 0.6: 3 of 4 pairs right; within groups a (0.9 > 0.2) right, b (0.4 < 0.6) wrong
    rows = requests(
        ("a", "0.9 x", "open"), ("a", "0.2 x", "complete"), ("b", "0.4 x", "open"), ("b", "0.6 x", "complete")
    )
    [whole] = [one for one in asyncio.run(measure_reader(Told(), rows)) if one.part == "all"]
    assert whole.figures["auroc"].value == pytest.approx(0.75)
    assert whole.figures["order"].value == pytest.approx(0.5)
    assert whole.figures["auroc"].low is None  # two groups


def test_what_is_not_known_is_in_no_figure_and_counted() -> None:
    rows = requests(("a", "0.9 x", "open"), ("a", "? x", "complete"), ("b", "0.1 x", "complete"))
    [whole] = [one for one in asyncio.run(measure_reader(Told(), rows)) if one.part == "all"]
    assert (whole.items, whole.unknown) == (3, 1)
    assert whole.figures["auroc"].value == pytest.approx(1.0)


def test_one_class_only_has_no_auroc() -> None:
    [whole] = [
        one
        for one in asyncio.run(measure_reader(Told(), requests(("a", "0.9 x", "open"))))
        if one.part == "all"
    ]
    assert whole.figures["auroc"].value is None


def test_complaints_are_found_by_the_three_negative_labels_together() -> None:
    # said 0 and 1 (complaints), 3 (praise); truly a correction (1), praise (3), praise (3)
    said = [("0 x", REACTIONS[1]), ("1 x", REACTIONS[3]), ("3 x", REACTIONS[3])]
    rows = tuple(
        FollowUpRow(
            id=str(at),
            group=str(at),
            writer="w",
            lang="en",
            domain="x",
            q_t="q",
            a_t="a",
            user_next=text,
            label7=label,
        )
        for at, (text, label) in enumerate(said)
    )
    [whole] = [
        one for one in asyncio.run(measure_reader(Told(), Labelled(followups=rows))) if one.part == "all"
    ]
    assert whole.figures["accuracy"].value == pytest.approx(1 / 3)
    assert whole.figures["complaint recall"].value == pytest.approx(1.0)
    assert whole.figures["complaint precision"].value == pytest.approx(0.5)


def test_nothing_to_measure_gives_nothing() -> None:
    assert asyncio.run(measure_reader(Told(), Labelled())) == []


def test_beside_the_calibration_error_stands_what_chance_makes_of_it_at_this_size() -> None:
    labels = ["open", "complete"] * 20
    even = requests(*((str(at), f"0.5 {at}", label) for at, label in enumerate(labels)))
    sure = requests(*((str(at), f"0.9 {at}", label) for at, label in enumerate(labels)))
    [[fair], [bold]] = (
        [one for one in asyncio.run(measure_reader(Told(), rows)) if one.part == "all"]
        for rows in (even, sure)
    )
    assert fair.ece == pytest.approx(0.0)
    assert bold.ece == pytest.approx(0.4)
    # one bin of 40 at p: the mean of |share - p| is about sqrt(2 p (1 - p) / (pi 40))
    assert fair.ece_floor is not None
    assert fair.ece_floor.mean == pytest.approx(0.063, abs=0.005)
    assert bold.ece_floor is not None
    assert bold.ece_floor.mean == pytest.approx(0.038, abs=0.005)
    assert bold.ece > bold.ece_floor.high
