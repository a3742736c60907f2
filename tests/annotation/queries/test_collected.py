"""What comes out of a database whose settings and decisions changed on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.annotation.pool import annotator, item, yes

from tactful.annotation.export.pipeline import ExportOptions, export_collected
from tactful.annotation.queries.collected import collected
from tactful.annotation.reading import read_collected
from tactful.annotation.services.adjudicating import decide
from tactful.annotation.services.answering import give_answer
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store
from tactful.annotation.types import FollowUp, FollowUpAnswer, Item
from tactful.types import Label


def answer_some(store: Store, who: str, count: int) -> None:
    for _ in range(count):
        given = assign(store, who)
        assert isinstance(given, Assigned)
        give_answer(store, who, given.slot, yes(given.item))


@pytest.mark.slow
def test_another_number_of_annotators_leaves_the_probabilities_as_they_were(store: Store) -> None:
    project = Project(overlap=1, gold_share=0, repeat_share=0, order="uncertainty")
    keep_project(store, project)
    load_items(store, [item(n, acceptance=(n % 10) / 10) for n in range(100)])
    answer_some(store, annotator(store), 60)

    def known() -> dict[str, float | None]:
        return {one.item: one.probability for one in collected(store).annotations}

    before = known()
    assert sum(one is not None for one in before.values()) >= 40
    keep_project(store, project.model_copy(update={"overlap": 2}))
    assert known() == before


def test_what_was_decided_is_a_label_and_read_again_though_nobody_had_answered(
    store: Store, tmp_path: Path
) -> None:
    keep_project(store, Project(overlap=1, gold_share=0, repeat_share=0))
    load_items(
        store,
        [
            Item(
                id=f"i{n}", session=f"s{n}", shown=FollowUp(request="Sort.", answer="1, 2", next=f"No, {n}.")
            )
            for n in range(3)
        ],
    )
    decide(store, annotator(store), 2, FollowUpAnswer(label=Label.NEG_CORRECTION))
    found = collected(store)
    done = export_collected(found, "feedback", tmp_path / "labels", ExportOptions(fewest=1, test_share=0))
    assert done.labels == {"neg_correction": 1}
    export_collected(found, "votes", tmp_path / "votes")
    again = read_collected(tmp_path / "votes")
    assert (again.items, again.adjudications) == (found.items, found.adjudications)
    assert list(again.items) == list(again.adjudications)
