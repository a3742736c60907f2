"""The clusters of a run: its needless and its missed questions, as its records say, by what they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tactful.viewer.clusters.group import grouped
from tactful.viewer.clusters.texts import audited, passages_at, place_of, request_at
from tactful.viewer.clusters.types import Cluster, Clusters, Example, Fault, Grouped
from tactful.viewer.look import View
from tactful.viewer.strips.kinds import strips_of

MOST_TURNS = 2000
"""Of one fault that are looked at; of more, so many are drawn."""
MOST_EXAMPLES = 5
_LONGEST = 600
FILTERS: Mapping[Fault, str] = {
    "needless": "(asked or offered) and not needed",
    "missed": "(answered or silent) and needed",
}
UNKNOWN: Mapping[Fault, str] = {
    "needless": "(asked or offered) and needed is None",
    "missed": "(answered or silent) and needed is None",
}


def clusters_of(view: View, *, seed: int = 0, most: int = MOST_TURNS) -> Grouped:
    """Both faults, by what the index holds so far."""
    progress = view.progress()
    told = None if progress.complete else progress
    if not {"needed", "asked"} <= {fact.name for fact in view.facts()}:
        return Grouped(known=False, progress=told)
    found = [_of_fault(view, fault, seed, most) for fault in FILTERS]
    return Grouped(known=True, found=tuple(found), progress=told)


def _of_fault(view: View, fault: Fault, seed: int, most: int) -> Clusters:
    turns, drawn = view.sample(FILTERS[fault], most, seed=seed)
    unknown, _ = view.sample(UNKNOWN[fault], 0)
    examples = _examples(view, drawn, fault)
    groups = grouped([one.text for one in examples], seed=seed)
    return Clusters(
        fault=fault,
        filter=FILTERS[fault],
        turns=turns,
        looked_at=len(drawn),
        without_text=len(drawn) - len(examples),
        unknown=unknown,
        clusters=tuple(
            Cluster(
                words=words,
                size=len(inside),
                examples=_typical([examples[place] for place in inside]),
            )
            for words, inside in groups
        ),
    )


def _typical(inside: Sequence[Example]) -> tuple[Example, ...]:
    """The first that say different things."""
    different: dict[str, Example] = {}
    for one in inside:
        different.setdefault(one.text, one)
    return tuple(different.values())[:MOST_EXAMPLES]


def _examples(view: View, places: Sequence[tuple[int, int, int]], fault: Fault) -> list[Example]:
    """The turns that have words."""
    rows = view.rows_at(places)
    logged = [place for row in rows.values() if (place := place_of(row)) is not None]
    passages = passages_at(audited(view.path), logged) if logged else {}
    found = []
    for ordinal, line, turn in places:
        row = rows.get((ordinal, line))
        place = place_of(row)
        if place is not None and (passage := passages.get(place)) is not None:
            request, said = passage.request, " ".join(passage.questions) or passage.answer
        else:
            strip = next((one for one in strips_of([row]) if one.turn == turn), None)
            request, said = request_at(row, turn), strip.said if strip is not None else ""
        text = said if fault == "needless" and said else request
        if text.strip():
            other = request if text is said else ""
            found.append(
                Example(ordinal=ordinal, line=line, turn=turn, text=text[:_LONGEST], request=other[:_LONGEST])
            )
    return found
