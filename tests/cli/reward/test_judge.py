"""`tactful reward judge` with trained models, as users call it; prompted ones are in the tests of `reward_lm`."""

import json
from pathlib import Path

import pytest
from tests.cli.bench.test_suggestions import some_rows
from tests.data.formats.test_suggestions import decision
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import moment_row
from tactful.reward.embedded.model import save_model
from tactful.reward.embedded.training import train
from tactful.reward.suggestions.model import save_suggestion_model, train_suggestions
from tactful.reward.types import Acceptance


def write(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "model"
    save_model(train(make_items(3, 5)), folder, card="a card")
    return folder


@pytest.fixture(scope="session")
def of_suggestions(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "suggestions"
    rows = [decision(30 * at, accepted=at % 3 == 0, user=user) for user in range(3) for at in range(12)]
    save_suggestion_model(train_suggestions(rows), folder)
    return folder


@pytest.fixture
def moments(tmp_path: Path) -> Path:
    keep = ("obs", "pred_task", "id")
    rows = [{key: moment_row(item)[key] for key in keep} for item in make_items(1, 4, seed=5)]
    return write(tmp_path / "new.jsonl", rows)


EVENT = ("--event", "The user searches the web for 'why does the parser fail'.")


def test_one_moment_is_judged_and_explained_in_words(tactful, model):
    done = tactful("reward", "judge", "--model", model, *EVENT, "--proposal", "Explain why the parser fails")
    assert done.returncode == 0, done.stderr
    line, reason = done.stdout.splitlines()
    assert line.split()[0] in {"accepted", "rejected"}
    assert line.endswith("  Explain why the parser fails")
    assert reason.startswith("A proposal here is welcome with probability 0.")
    assert "speaks for it" in reason or "speaks against it" in reason


def test_without_a_proposal_silence_is_judged(tactful, model):
    done = tactful("reward", "judge", "--model", model, *EVENT, *EVENT, "--json")
    said = Acceptance.model_validate_json(done.stdout)
    assert said.p_accept == pytest.approx(1 - said.p_need)
    assert said.reason.startswith("Saying nothing here is welcome")
    assert said.influences


def test_a_file_is_judged_line_by_line(tactful, model, moments):
    done = tactful("reward", "judge", moments, "--model", model)
    assert done.returncode == 0, done.stderr
    count = len(moments.read_text().splitlines())
    assert len(done.stdout.splitlines()) == count
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert f"{count} moments: " in done.stderr
    assert f"next: tactful reward gate {model}" in done.stderr


def test_json_lines_on_stdout_are_what_the_file_would_hold(tactful, model, moments, tmp_path):
    done = tactful("reward", "judge", moments, "--model", model, "--json")
    out = tmp_path / "judged.jsonl"
    quiet = tactful("reward", "judge", moments, "--model", model, "--out", out)
    assert quiet.stdout == ""
    assert out.read_text(encoding="utf-8") == done.stdout
    said = [Acceptance.model_validate_json(line) for line in done.stdout.splitlines()]
    assert [one.moment_id for one in said] == [
        json.loads(line)["id"] for line in moments.read_text().splitlines()
    ]
    assert all(one.influences and one.reason for one in said)
    refused = tactful("reward", "judge", moments, "--model", model, "--out", out)
    assert refused.returncode == 2
    assert "exists already; give --out a new name" in refused.stderr


def test_explanations_can_be_left_out_and_change_no_probability(tactful, model, moments):
    told, bare = (
        [
            Acceptance.model_validate_json(line)
            for line in tactful(
                "reward", "judge", moments, "--model", model, "--json", *words
            ).stdout.splitlines()
        ]
        for words in ((), ("--no-explain",))
    )
    assert [one.p_accept for one in told] == [one.p_accept for one in bare]
    assert not any(one.reason or one.influences for one in bare)


def test_moments_come_through_a_pipe_and_bad_ones_are_left_out_on_request(tactful, model, moments):
    text = b'{"obs": []}\n' + moments.read_bytes()
    done = tactful("reward", "judge", "-", "--model", model, "--limit", 2, "--skip-bad", stdin=text)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "1 unusable rows left out" in done.stderr
    assert "<stdin>:1: " in done.stderr
    refused = tactful("reward", "judge", "-", "--model", model, stdin=text)
    assert refused.returncode == 1
    assert "<stdin>:1: moment has no 'pred_task'" in refused.stderr


def test_control_characters_of_a_proposal_do_not_reach_the_terminal(tactful, model, tmp_path):
    row = {"obs": [{"event": "x"}], "pred_task": "Fix\x1b[31m it\r\nnow\u202e"}
    done = tactful("reward", "judge", write(tmp_path / "m.jsonl", [row]), "--model", model)
    assert done.returncode == 0, done.stderr
    assert all(character.isprintable() for character in done.stdout.rstrip("\n"))


def test_silences_that_a_model_cannot_judge_are_unscored_and_end_in_a_sentence(tactful, tmp_path):
    items = [item for item in make_items(3, 5) if item.moment.proposal is None]
    folder = tmp_path / "silent"
    save_model(train(items), folder, card="a card")
    row = {"obs": [{"event": "x"}], "pred_task": "Fix it"}
    done = tactful("reward", "judge", write(tmp_path / "m.jsonl", [row]), "--model", folder)
    assert done.returncode == 1
    assert done.stdout.startswith("unscored")
    assert "could judge none of these moments" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "give DATA, or the events of one moment"),
        (("m.jsonl", "--model", "m", "--judge", "offline"), "name one judge"),
        (("--model", "m"), "give DATA, or the events of one moment"),
        (("m.jsonl", "--model", "m", "--event", "x"), "give DATA, or the events of one moment"),
        (("m.jsonl", "--model", "m", "--proposal", "x"), "--proposal belongs to --event"),
        (("--model", "m", "--proposal", "x"), "--proposal belongs to --event"),
        (("--judge", "offline", "--event", "x"), "--event is for --model"),
        (("m.jsonl", "--model", "m", "--votes", "3"), "--votes belongs to --judge"),
        (("m.jsonl", "--model", "m", "--dry-run"), "--dry-run belongs to --judge"),
        (("m.jsonl", "--model", "m", "--max-chars", "900"), "--max-chars belongs to --judge"),
        (("m.jsonl", "--reader", "m", "--max-chars", "900"), "--max-chars belongs to --judge"),
        (("--event", "e", "--out", "o.jsonl"), "--out belongs to DATA"),
        (("--event", "e", "--limit", "3"), "--limit belongs to DATA"),
        (("m.jsonl", "--model", "m", "--samples", "9"), "--samples belongs to --reader"),
        (("m.jsonl", "--judge", "offline", "--samples", "9"), "--samples belongs to --reader"),
        (("m.jsonl", "--judge", "offline", "--no-explain"), "--no-explain belongs to --model and --reader"),
        (("m.jsonl", "--reader", "surface", "--samples", "9"), "--samples is for a reader that asks"),
        (("m.jsonl", "--model", "m", "--executor", "ray"), "--executor belongs to --judge"),
        (("m.jsonl", "--model", "m", "--cache", "c"), "--cache belongs to --judge and --reader"),
        (("--model", "m", "--event", ""), "--event: obs (item 1) is"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(tactful, words, sentence):
    done = tactful("reward", "judge", *words)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_model_of_suggestions_is_said_to_be_one_where_moments_are_judged(tactful, of_suggestions, moments):
    for words in (("serve", of_suggestions), ("gate", of_suggestions, moments, "--cost-false-alarm", "2")):
        done = tactful("reward", *words)
        assert done.returncode == 1
        assert (
            f"{of_suggestions}: holds a model of suggestions in an editor, which judges no moments"
            in done.stderr
        )


def test_bad_files_give_one_clear_sentence(tactful, model, tmp_path):
    out = tmp_path / "judged.jsonl"
    empty = write(tmp_path / "empty.jsonl", [])
    strange = write(tmp_path / "strange.jsonl", [{"a": 1}])
    bare = write(tmp_path / "bare.jsonl", [{"obs": [], "pred_task": None}])
    for data, sentence in (
        (empty, f"{empty}: holds no moment; write one JSON object"),
        (strange, f"{strange}:1: moment has no 'obs' and no 'pred_task'; its keys are a"),
        (bare, f"{bare}:1: moment has obs [], expected a list with at least one event"),
        (tmp_path / "missing.jsonl", "missing.jsonl: no such file or run folder"),
        (tmp_path, "not a run folder"),
    ):
        done = tactful("reward", "judge", data, "--model", model, "--out", out)
        assert done.returncode == 1, sentence
        assert sentence in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not out.exists()


def test_a_model_that_is_missing_or_damaged_is_named(tactful, model, moments, tmp_path):
    done = tactful("reward", "judge", moments, "--model", tmp_path / "none")
    assert done.returncode == 1
    assert "cannot read the reward model" in done.stderr
    assert "tactful reward train DATA --out MODEL" in done.stderr
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    text = (model / "model.json").read_text(encoding="utf-8")
    (damaged / "model.json").write_text(text.replace('"seed": 0', '"seed": 1'), encoding="utf-8")
    done = tactful("reward", "judge", moments, "--model", damaged)
    assert "does not match its hash" in done.stderr
    (damaged / "model.json").write_bytes(b"\x80\x04pickle")
    assert "is no reward model" in tactful("reward", "judge", moments, "--model", damaged).stderr


# ---------------------------------------------------------------- suggestions in an editor


def test_a_model_of_suggestions_judges_decisions(tactful, of_suggestions, tmp_path):
    data = write(tmp_path / "d.jsonl", some_rows(users=5, each=4))
    done = tactful("reward", "judge", data, "--model", of_suggestions)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 20
    assert "20 suggestions: " in done.stderr
    assert "the model was trained on 3 of these users" in done.stderr
    as_file = tactful("reward", "judge", data, "--model", of_suggestions / "suggestions.json", "--json")
    said = [Acceptance.model_validate_json(line) for line in as_file.stdout.splitlines()]
    assert len(said) == 20
    assert all(one.influences for one in said)
    out = tmp_path / "judged.jsonl"
    tactful("reward", "judge", data, "--model", of_suggestions, "--out", out)
    assert out.read_text(encoding="utf-8") == as_file.stdout


def test_the_own_verdict_of_a_suggestion_changes_no_judgement_of_it(tactful, of_suggestions, tmp_path):
    rows = some_rows(users=1, each=4)
    turned = [*rows[:-1], {**rows[-1], "accepted": not rows[-1]["accepted"]}]
    one, other = (
        tactful(
            "reward", "judge", write(tmp_path / "d.jsonl", given), "--model", of_suggestions, "--json"
        ).stdout
        for given in (rows, turned)
    )
    assert one == other


def test_a_model_of_suggestions_refuses_what_is_none(tactful, of_suggestions, moments, tmp_path):
    done = tactful("reward", "judge", moments, "--model", of_suggestions)
    assert done.returncode == 1
    assert f"{moments}:1: suggestion has no 'user'" in done.stderr
    done = tactful("reward", "judge", "--model", of_suggestions, *EVENT)
    assert done.returncode == 2
    assert "judges suggestions in an editor, not events" in done.stderr
    empty = tactful("reward", "judge", write(tmp_path / "e.jsonl", []), "--model", of_suggestions)
    assert "holds no suggestion" in empty.stderr


def test_what_need_means_is_said_beside_it(tactful) -> None:
    done = tactful("reward", "judge", *EVENT, "--proposal", "Shall I open the parser's log?")
    assert " need 0." in done.stdout
    assert "need: the probability that silence would be wrong at this moment" in done.stderr
