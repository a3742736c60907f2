from collections.abc import Sequence

import pytest
from sqlalchemy import select
from tests.annotation.items.sources import hidden_sources, moment, obs, rows

from tactful.annotation.services.filling import Given, fill
from tactful.annotation.services.project import project_of
from tactful.annotation.store import open_store
from tactful.annotation.store.tables import items
from tactful.errors import UsageError, UserError
from tactful.reward.types import Acceptance
from tactful.types import Moment


class Judge:
    """Knows every proposal by its last letter's place; no silence."""

    name = fingerprint = "judge"
    sessions = ()

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        return [
            Acceptance(moment_id=one.id, p_accept=None if one.proposal is None else 0.5) for one in moments
        ]


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "a.sqlite") as one:
        yield one


def moments(path, *offers, **label):
    given = [
        moment(obs(f"The user does {at}."), offer, **{"valid": True, **label})
        for at, offer in enumerate(offers)
    ]
    return rows(path, given)


def test_what_is_both_gold_and_data_watches_and_is_not_in_the_pool(tmp_path, store):
    data = moments(tmp_path / "a.jsonl", "Fix it.", "Tidy.", None)
    gold = moments(tmp_path / "b.jsonl", "Fix it.")
    found = fill(store, Given(data=[data], gold=[gold]), {"overlap": 2})
    assert (found.pool, found.watching) == (2, 1)
    assert (found.gold.new, found.data.read, found.data.new, found.data.known) == (1, 3, 2, 1)
    with store.read() as connection:
        assert project_of(connection).overlap == 2


def test_what_was_in_the_pool_before_it_was_gold_stays_there_and_is_counted(tmp_path, store):
    data = moments(tmp_path / "a.jsonl", "Fix it.", "Tidy.")
    gold = moments(tmp_path / "b.jsonl", "Fix it.", "Stop.")
    fill(store, Given(data=[data]), {})
    found = fill(store, Given(gold=[gold]), {})
    assert (found.gold.new, found.gold.known, found.gold.pooled) == (1, 1, 1)
    again = fill(store, Given(data=[data], gold=[gold]), {})
    assert (again.gold.known, again.gold.pooled, again.data.pooled) == (2, 1, 0), "one is gold already"
    assert (again.pool, again.watching) == (2, 1)


def test_serving_again_adds_what_is_new_and_keeps_the_settings(tmp_path, store):
    fill(store, Given(data=[moments(tmp_path / "a.jsonl", "Fix it.")]), {"overlap": 5, "title": "Ours"})
    again = fill(
        store, Given(data=[moments(tmp_path / "b.jsonl", "Fix it.", "Tidy.", "Stop.")]), {"overlap": 4}
    )
    assert (again.data.new, again.data.known, again.pool) == (2, 1, 3)
    assert (again.project.overlap, again.project.title) == (4, "Ours")
    assert again.places == (4, 5), "what was there keeps the number that it came with"
    assert fill(store, Given(), {}).pool == 3
    with store.read() as connection:
        numbers = connection.execute(select(items.c.number)).scalars().all()
    assert sorted(numbers) == [0, 1, 2]


def test_nothing_to_annotate_is_refused(store):
    with pytest.raises(UsageError, match=r"a\.sqlite holds no items yet; give FILES"):
        fill(store, Given(), {})


def test_a_setting_out_of_range_is_a_sentence(tmp_path, store):
    with pytest.raises(UsageError, match="the project has overlap 0"):
        fill(store, Given(data=[moments(tmp_path / "a.jsonl", "Fix it.")]), {"overlap": 0})


def test_uncertainty_goes_by_a_model_from_the_first_item_to_the_last(tmp_path, store):
    data, more = moments(tmp_path / "a.jsonl", "Fix it.", "Tidy."), moments(tmp_path / "b.jsonl", "Stop.")
    found = fill(store, Given(data=[data]), {"order": "uncertainty"}, judge=Judge())
    assert found.pool == 2
    with store.read() as connection:
        assert None not in connection.execute(select(items.c.weight)).scalars().all()
    with pytest.raises(UsageError, match="is ordered by uncertainty; give --reward MODEL"):
        fill(store, Given(data=[more]), {})
    with pytest.raises(UsageError, match="was filled with --order uncertainty"):
        fill(store, Given(data=[more]), {"order": "random"})
    assert fill(store, Given(), {}).pool == 2


def test_uncertainty_takes_proposals_alone_and_no_item_that_the_model_cannot_judge(tmp_path, store):
    order = {"order": "uncertainty"}
    with pytest.raises(UsageError, match="ranks proposals alone"):
        fill(store, Given(data=[tmp_path], kinds=["replies"]), order, judge=Judge())
    pairs = hidden_sources(tmp_path)["pairs"]
    with pytest.raises(UsageError, match="holds 'pairs', which gives items of the kind replies"):
        fill(store, Given(data=[pairs]), order, judge=Judge())
    with pytest.raises(UserError, match=r"a\.jsonl: the model of --reward cannot judge the item"):
        fill(store, Given(data=[moments(tmp_path / "a.jsonl", None)]), order, judge=Judge())


def test_a_model_without_the_order_is_refused(tmp_path, store):
    with pytest.raises(UsageError, match="--reward says what --order uncertainty goes by"):
        fill(store, Given(data=[moments(tmp_path / "a.jsonl", "Fix it.")]), {}, judge=Judge())
