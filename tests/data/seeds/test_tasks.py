"""The seed loader."""

from __future__ import annotations

import pytest

from tactful.data.seeds.tasks import load_seed_tasks, seed_domains
from tactful.errors import UserError


def test_coding_is_a_domain_and_its_tasks_load_in_file_order():
    assert "coding" in seed_domains()
    ids = [task.id for task in load_seed_tasks("coding")]
    assert ids == sorted(ids)
    assert ids[0] == "coding-001"


@pytest.mark.parametrize("domain", seed_domains())
def test_every_task_carries_its_domain_and_a_unique_id(domain: str):
    tasks = load_seed_tasks(domain)
    assert {task.domain for task in tasks} == {domain}
    assert len({task.id for task in tasks}) == len(tasks)


def test_tasks_are_read_once():
    assert load_seed_tasks("coding") is load_seed_tasks("coding")


@pytest.mark.parametrize("domain", ["gardening", "", "../coding", "coding.jsonl"])
def test_unknown_domain_is_refused_and_the_known_ones_are_named(domain: str):
    with pytest.raises(UserError) as caught:
        load_seed_tasks(domain)
    assert f"'{domain}'" in str(caught.value)
    assert "coding" in str(caught.value).split("one of:")[1]


@pytest.mark.parametrize("domain", seed_domains())
def test_states_share_their_group_and_only_the_open_wording_leaves_something_open(domain: str):
    for task in load_seed_tasks(domain):
        complete, open_ = task.states()
        assert complete.group == open_.group == task.id
        assert not any(item.open for item in complete.hidden.requirements)
        assert any(item.open for item in open_.hidden.requirements)
