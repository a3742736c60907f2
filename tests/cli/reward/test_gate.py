"""`tactful reward gate`, with a model whose probabilities are right by construction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.commands import Command
from tests.evaluation.acceptance_fixtures import item
from tests.evaluation.gating_fixtures import calibrated
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import moment_row
from tactful.data.io import write_jsonl
from tactful.evaluation.gates import setup
from tactful.reward import opening
from tactful.reward.embedded.model import load_model, save_model
from tactful.reward.embedded.training import train
from tactful.reward.gate.store import load_gate
from tactful.reward.types import Acceptance
from tactful.types import LabelledMoment, Moment

COSTS = ("--cost-false-alarm", "2", "--cost-miss", "1")


@dataclass
class FakeModel:
    """Says what it was told of each moment."""

    known: dict[str, Acceptance]
    sessions: tuple[str, ...] = ()
    name: str = "fake"
    fingerprint: str = "0123456789abcdef"
    likeness: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(name="ngrams"))

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        unknown = [Acceptance(moment_id=moment.id, p_accept=0.5, accepted=True) for moment in moments]
        return [self.known.get(one.moment_id, one) for one in unknown]


@dataclass
class World:
    """A file of moments, and the model that the command loads for any folder."""

    data: Path
    model: FakeModel


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(sessions: int, moments: int = 20, *, seen: Sequence[str] = ()) -> World:
        items, said = calibrated(sessions, moments)
        data = tmp_path / "sessions.jsonl"
        write_jsonl(data, [moment_row(one) for one in items])
        model = FakeModel({one.moment_id: one for one in said}, tuple(seen))

        def cross_judge(given: Sequence[LabelledMoment], config: object) -> SimpleNamespace:
            return SimpleNamespace(acceptances=tuple(model.judge_now([one.moment for one in given])))

        monkeypatch.setattr(opening, "load_model", lambda folder: model)
        monkeypatch.setattr(setup, "cross_judge", cross_judge)
        return World(data, model)

    return make


def test_it_prints_threshold_figures_utility_and_how_to_go_on(tactful: Command, world):
    done = tactful("reward", "gate", "model", world(8).data, *COSTS)
    assert done.returncode == 0
    for text in (
        "which is 0.667",
        "Expected figures",
        "look-up",
        "always-speak",
        "never-speak",
        "Regret of the gate",
    ):
        assert text in done.stdout
    assert "next: tactful reward gate model" in done.stderr
    assert "Promise" not in done.stdout


@pytest.mark.slow
def test_the_next_command_writes_the_gate_that_was_shown(tactful: Command, world):
    how = ["--form", "utility", "--need", "certain", "--abstain", "0.4..0.6", "--leave-one-session-out"]
    for more in (how, ["--promise", "0.2", "--confidence", "0.8", "--skip-bad", "--seed", "3"]):
        data = world(60, seen=[f"s{at}" for at in range(60)] if more is how else ()).data
        done = tactful("reward", "gate", "model", data, *COSTS, *more)
        told = f"next: tactful reward gate model {data} {' '.join(COSTS)} {' '.join(more)} --out model"
        assert told in done.stderr.splitlines(), done.stderr


def test_where_no_gate_can_be_written_no_command_says_so(tactful: Command, world):
    everything = [f"s{at}" for at in range(16)]
    for more, seen in (["0.1"], ()), (["0.5", "--leave-one-session-out"], everything):
        done = tactful("reward", "gate", "model", world(16, seen=seen).data, *COSTS, "--promise", *more)
        assert (done.returncode, "next:" in done.stderr) == (0, False)


def test_models_trained_on_sessions_that_the_model_never_saw_do_not_stand_in_for_it(tactful: Command, world):
    done = tactful("reward", "gate", "model", world(8).data, *COSTS, "--leave-one-session-out")
    assert done.returncode == 2
    assert "model: was trained on none of these 8 sessions" in done.stderr
    assert "leave out --leave-one-session-out" in done.stderr
    case = world(8, seen=[f"s{at}" for at in range(6)])
    done = tactful("reward", "gate", "model", case.data, *COSTS, "--leave-one-session-out")
    assert done.returncode == 0
    assert "2 of 8 sessions took no part in the training of model" in " ".join(done.stdout.split())


@pytest.mark.slow
def test_a_promise_that_can_be_made_is_said_in_words_and_kept_in_the_gate(
    tactful: Command, world, tmp_path: Path
):
    out = tmp_path / "gate"
    done = tactful("reward", "gate", "model", world(60).data, *COSTS, "--promise", "0.2", "--out", out)
    assert done.returncode == 0
    assert (
        "for new sessions drawn like these, the mean false-alarm rate is at most 0.2, with confidence 0.9 over the "
        "calibration sessions; not for each session, and not under shift"
    ) in done.stdout
    gate = load_gate(out)
    assert gate.promise is not None
    assert gate.config.floor == gate.promise.threshold
    assert gate.judge == "fake"
    assert {path.name for path in out.iterdir()} == {"gate.json", "gate-figures.json", "gate.html"}
    assert gate.decide(Acceptance(moment_id="m", p_accept=0.99, accepted=True)).action == "speak"


def test_16_sessions_cannot_promise_a_tenth_and_no_gate_is_written_in_its_place(
    tactful: Command, world, tmp_path: Path
):
    words = ("reward", "gate", "model", world(16).data, *COSTS, "--promise", "0.1")
    done = tactful(*words)
    assert done.returncode == 0  # the answer is the answer
    assert "Cannot promise: 16 calibration sessions" in done.stdout
    assert "needs at least 22" in done.stdout
    done = tactful(*words, "--out", tmp_path / "gate")
    assert done.returncode == 1
    assert "not written, for the promise cannot be made" in done.stderr
    assert not (tmp_path / "gate" / "gate.json").exists()


def test_sessions_that_the_model_was_trained_on_are_left_out_and_said_so(tactful: Command, world):
    case = world(30, seen=[f"s{at}" for at in range(10)])
    done = tactful("reward", "gate", "model", case.data, *COSTS, "--promise", "0.1", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["measured"]["sessions"], found["promise"]["sessions"]) == (20, 20)
    assert "left out: 200 moments of 10 sessions" in done.stderr
    assert found["words"].startswith("cannot promise: 20 calibration sessions")


def test_a_model_that_saw_every_session_is_refused_with_the_ways_out(tactful: Command, world):
    case = world(4, seen=[f"s{at}" for at in range(4)])
    done = tactful("reward", "gate", "model", case.data, *COSTS)
    assert done.returncode == 1
    assert "trained on all 4 sessions" in done.stderr
    assert "--leave-one-session-out" in done.stderr


@pytest.mark.slow
def test_leaving_sessions_out_gives_an_indication_and_no_promised_gate(
    tactful: Command, world, tmp_path: Path
):
    case = world(60, seen=[f"s{at}" for at in range(60)])
    words = ("reward", "gate", "model", case.data, *COSTS, "--leave-one-session-out")
    done = tactful(*words, "--promise", "0.2", "--out", tmp_path / "gate")
    assert done.returncode == 1
    assert "no promise, an indication" in done.stdout
    assert "gives an indication only" in done.stderr
    done = tactful(*words, "--out", tmp_path / "plain")
    assert done.returncode == 0
    assert load_gate(tmp_path / "plain").promise is None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--cost-false-alarm", "0"), "every proposal pays"),
        ((*COSTS, "--promise", "1"), "--promise is 1"),
        ((*COSTS, "--promise", "0.1", "--confidence", "0"), "--confidence is 0"),
        ((*COSTS, "--of", "ratio"), "need --promise"),
        ((*COSTS, "--confidence", "0.8"), "need --promise"),
        ((*COSTS, "--abstain", "0.6..0.4"), "'0.6..0.4', expected two probabilities in order"),
        ((*COSTS, "--abstain", "half"), "'half', expected two probabilities"),
        ((*COSTS, "--promise", "0.1", "--of", "ratio", "--abstain", "0.4..0.6"), "leave one of them out"),
    ],
)
def test_options_that_do_not_fit_together_are_wrong_usage(tactful: Command, world, words, problem):
    done = tactful("reward", "gate", "model", world(3).data, *words)
    assert done.returncode == 2
    assert problem in done.stderr


def test_a_gate_that_stands_is_not_overwritten(tactful: Command, world, tmp_path: Path):
    words = ("reward", "gate", "model", world(3).data, *COSTS, "--out", tmp_path / "gate")
    assert tactful(*words).returncode == 0
    done = tactful(*words)
    assert done.returncode == 2
    assert "exists already" in done.stderr


def test_an_abstain_band_is_counted_apart(tactful: Command, world):
    done = tactful("reward", "gate", "model", world(6).data, *COSTS, "--abstain", "0.3..0.7", "--json")
    found = json.loads(done.stdout)
    assert found["config"]["abstain_low"] == 0.3
    assert found["measured"]["rows"][0]["figures"]["abstained"]["value"] > 0


def test_the_utility_form_and_a_certain_need_change_the_threshold(tactful: Command, world):
    case = world(6)
    plain = ("reward", "gate", "model", case.data, "--cost-false-alarm", "3", "--cost-miss", "0")
    done = tactful(*plain, "--form", "utility")
    assert "p(accept) ≥ 0.750" in done.stdout
    assert (
        "2 / (2 + 1 · 1)" in tactful("reward", "gate", "model", case.data, *COSTS, "--need", "certain").stdout
    )


def test_data_without_a_row_or_without_a_proposal_is_a_clear_sentence(
    tactful: Command, world, tmp_path: Path
):
    world(3)
    empty, silent = tmp_path / "empty.jsonl", tmp_path / "silent.jsonl"
    empty.write_text("")
    one = item(1, "missed-need")
    write_jsonl(silent, [moment_row(one)])
    done = tactful("reward", "gate", "model", empty, *COSTS)
    assert (done.returncode, "holds no labelled moment" in done.stderr) == (1, True)
    done = tactful("reward", "gate", "model", silent, *COSTS)
    assert (done.returncode, "has a proposal with a scored judgement" in done.stderr) == (1, True)


@pytest.mark.slow
def test_a_real_model_gets_its_gate_beside_it(tactful: Command, tmp_path: Path):
    items = make_items(sessions=12, steps=6)
    names = sorted({one.moment.session for one in items})
    data = tmp_path / "sessions.jsonl"
    write_jsonl(data, [moment_row(one) for one in items])
    folder = tmp_path / "model"
    save_model(train([one for one in items if one.moment.session in names[:6]]), folder, card="A test.")
    done = tactful(
        "reward", "gate", folder, data, *COSTS, "--promise", "0.4", "--confidence", "0.6", "--out", folder
    )
    assert done.returncode == 0, done.stderr
    assert "6 sessions that" in done.stderr  # the half that it was trained on
    gate, model = load_gate(folder), load_model(folder)
    assert gate.judge == model.name
    proposals = [one.moment for one in items if one.moment.session == names[-1] and one.moment.proposal]
    decisions = [gate.decide(one) for one in model.judge_now(proposals)]
    assert {one.action for one in decisions} <= {"speak", "silent"}
    done = tactful("reward", "gate", folder, data, *COSTS, "--leave-one-session-out")
    assert done.returncode == 0, done.stderr
    assert "each session judged by a model trained on the others" in done.stdout
