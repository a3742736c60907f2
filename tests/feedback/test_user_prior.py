"""Beliefs about users: updates, decay, storage."""

import runpy
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tactful.errors import DataError, UserError
from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, TurnJudgement
from tactful.feedback.user_prior import PriorConfig, UserPrior
from tactful.types import Provenance

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY = Provenance(model="m", generator="rules")
EXAMPLE = Path(__file__).parents[2] / "examples" / "ask_less_after_complaints.py"


def judged(label: Label, confidence: float = 0.9) -> TurnJudgement:
    return TurnJudgement.scored("d/0", label, confidence, FeedbackConfig(), provenance=BY)


@pytest.fixture
def prior(tmp_path):
    with UserPrior(
        tmp_path / "users.sqlite", PriorConfig(welcome=2, unwelcome=1, half_life_days=10)
    ) as opened:
        yield opened


def test_a_stranger_has_the_prior(prior):
    belief = prior.welcome("u", "c", at=NOW)
    assert (belief.alpha, belief.beta, belief.updates) == (2, 1, 0)
    low, high = belief.interval()
    assert 0 < low < belief.mean < high < 1


def test_rewards_count_by_their_size(prior):
    prior.update("u", "c", judged(Label.NEG_CONSTRAINT_RESTATE), at=NOW)
    belief = prior.update("u", "c", judged(Label.POS_PRAISE), at=NOW)
    assert (belief.alpha, belief.beta) == (pytest.approx(2.8), pytest.approx(2.0))


@pytest.mark.parametrize(
    "judgement",
    [
        judged(Label.NEG_CORRECTION, confidence=0.5),
        judged(Label.TOPIC_SHIFT),
        judged(Label.NEUTRAL),
        TurnJudgement.not_scored("d/0", reason="unreadable", provenance=BY),
    ],
)
def test_what_is_below_the_cut_changes_nothing(prior, judgement):
    assert prior.update("u", "c", judgement, at=NOW).updates == 0


def test_users_contexts_and_kinds_are_apart(prior):
    prior.update("u", "c", judged(Label.NEG_CORRECTION), at=NOW)
    for user, context, kind in (("v", "c", "question"), ("u", "d", "question"), ("u", "c", "proposal")):
        assert prior.welcome(user, context, kind, at=NOW).updates == 0


def test_news_halves_every_half_life_and_a_clock_set_back_decays_nothing(prior):
    prior.update("u", "c", judged(Label.NEG_CONSTRAINT_RESTATE), at=NOW)
    assert prior.welcome("u", "c", at=NOW + timedelta(days=10)).beta == pytest.approx(1.5)
    assert prior.welcome("u", "c", at=NOW - timedelta(days=10)).beta == pytest.approx(2.0)


def test_what_was_stored_is_there_after_reopening(tmp_path):
    path = tmp_path / "users.sqlite"
    with UserPrior(path) as prior:
        prior.update("u", "c", judged(Label.NEG_CONSTRAINT_RESTATE), at=NOW)
    with UserPrior(path) as prior:
        assert prior.welcome("u", "c", at=NOW).beta == pytest.approx(2.0)
        assert prior.history("u", "c", at=NOW).rejected == 1
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_an_update_that_returned_survives_kill_nine(tmp_path):
    path = tmp_path / "users.sqlite"
    code = (
        "import os, signal, sys; from tests.feedback.test_user_prior import *;"
        f"prior = UserPrior({str(path)!r}); prior.update('u', 'c', judged(Label.NEG_CONSTRAINT_RESTATE), at=NOW);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=EXAMPLE.parents[1], check=False, timeout=60)
    assert done.returncode == -9
    with UserPrior(path) as prior:
        assert prior.welcome("u", "c", at=NOW).updates == 1


def test_a_user_can_be_forgotten(prior):
    prior.update("u", "c", judged(Label.POS_PRAISE), at=NOW)
    assert prior.forget("u") == 1
    assert prior.welcome("u", "c", at=NOW).updates == 0


def test_a_time_without_zone_is_refused(prior):
    with pytest.raises(UserError, match="has no zone"):
        prior.welcome("u", "c", at=datetime(2026, 1, 1))


def test_a_file_that_is_no_store_is_refused(tmp_path):
    path = tmp_path / "users.sqlite"
    path.write_text("no database at all, just a long line of text" * 50)
    with pytest.raises(DataError, match="is no store of user priors"):
        UserPrior(path)


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "users.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=9")
    connection.close()
    with pytest.raises(UserError, match="is of version 9"):
        UserPrior(path)


def test_the_example_asks_less_after_two_restated_constraints(capsys):
    done = runpy.run_path(str(EXAMPLE))["main"]()
    assert done == ["asks", "asks", "answers", "answers"]
    assert "rejected=2" in capsys.readouterr().out


@pytest.mark.parametrize("where", [".", "none/users.sqlite"])
def test_a_place_where_no_file_can_be_is_said_in_a_sentence(tmp_path, where):
    with pytest.raises(UserError, match=r"cannot be opened .*; give a file in a folder that is there"):
        UserPrior(tmp_path / where)
