"""The gym in Python: what its functions take, and what they say of anything else."""

from __future__ import annotations

import pytest
from tests.gym.card.simulators import Simulator

import tactful as tf
from tactful.errors import DataError, UsageError, UserError

EPISODES = Simulator().episodes(scenes=9, passes=1)


@pytest.mark.slow
def test_people_are_taken_as_records_too(tmp_path):
    card = tf.audit_gym(EPISODES, against=tf.moments())
    assert (card.against.name, card.against.sessions) == ("<the records given>", 30)
    tf.moments().save(tmp_path / "moments.jsonl")
    fitted = tf.fit_gym_users(tf.moments())
    assert fitted.fitted == tf.fit_gym_users(tmp_path / "moments.jsonl").fitted
    assert tf.fit_gym_users(EPISODES).sessions == 9


@pytest.mark.parametrize(
    "given",
    [list, lambda: [None], lambda: [*EPISODES, *tf.moments()], lambda: tf.states("coding", n=2)],
)
def test_records_of_no_work_are_refused_in_a_sentence(given):
    with pytest.raises(
        DataError, match=r"<the records given>: holds .*; give a folder of ProactiveBench's traces"
    ):
        tf.fit_gym_users(given())


def test_a_bare_text_is_no_list_and_an_unknown_setting_is_named(tmp_path):
    with pytest.raises(UsageError, match="settings is the text 'coding', expected a list"):
        tf.fit_gym_users(tf.moments(), settings="coding")
    with pytest.raises(UsageError, match="'cooking' is not known; choose among coding, writing, daily"):
        tf.fit_gym_users(tf.moments(), settings=["cooking"])
    with pytest.raises(UsageError, match="assistants is the text 'every:5', expected a list"):
        tf.audit_gym(EPISODES, scenes="bundled", parameters=tmp_path / "u.toml", assistants="every:5")


def test_a_share_beyond_all_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match=r"the call has validation 1\.5: expected less than 1"):
        tf.trainset(EPISODES, judge="user", model="offline", validation=1.5, out=tmp_path / "t")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"to": "parquet"},
            r"--to 'parquet' is not known; choose one of: trl, llama-factory, openai, traces, moments",
        ),
        ({"to": "traces", "times": "words"}, "--times 'words' is not known; choose epoch or text"),
        (
            {"to": "moments"},
            r"states\.jsonl: holds states of 'calibrate states', expected episodes; give what 'tactful gym",
        ),
        ({"to": "traces"}, r"states\.jsonl: holds states of 'calibrate states', expected episodes"),
    ],
)
def test_an_export_of_episodes_says_what_it_takes(tmp_path, words, said):
    tf.states("coding", n=2).save(tmp_path / "states.jsonl")
    with pytest.raises(UserError, match=said):
        tf.export(tmp_path / "states.jsonl", out=tmp_path / "out", **words)
    assert not (tmp_path / "out").exists()
