"""What comes out of a database whose settings and decisions changed on the way."""

from __future__ import annotations

from tests.annotation.pool import annotator, item, yes

from tactful.annotation.queries.collected import collected
from tactful.annotation.services.answering import give_answer
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store


def answer_some(store: Store, who: str, count: int) -> None:
    for _ in range(count):
        given = assign(store, who)
        assert isinstance(given, Assigned)
        give_answer(store, who, given.slot, yes(given.item))


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
