import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.feedback.chats import chat, fenced, many_chats, turn, verdict, write_rows

from tactful.cli.main import main
from tactful.feedback.judged import JudgedTurns
from tactful.feedback.judging.confidence import fit_confidence
from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, LabelledTurn, TurnJudgement
from tactful.types import Provenance

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str

    @property
    def result(self):
        return json.loads(self.stdout)


@pytest.fixture
def tactful(monkeypatch, capsys, tmp_path):
    """The command line in this process: `tactful("judge", path)` is `tactful feedback judge path`."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*words, stdin=b"", noun="feedback"):
        monkeypatch.setattr(sys, "argv", ["tactful", noun, *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(ended.value.code or 0, *capsys.readouterr())

    return call


def by_message(ask):
    number = sum(map(ord, fenced(ask.prompt, "next message")))
    return verdict(["pos_progress", "neg_correction", "neutral"][number % 3], 0.5 + number % 50 / 100)


@pytest.fixture
def log(tmp_path):
    return many_chats(tmp_path / "log.jsonl", 12)


def test_judged_turns_of_a_pipe_make_training_rows(tactful, log, tmp_path):
    assert tactful("judge", log, "--model", "offline", "--out", "run").returncode == 0
    by_file = tactful("pairs", "run/records.jsonl", "--out", "a", "--json")
    by_pipe = tactful(
        "pairs", "-", "--out", "b", "--json", stdin=(tmp_path / "run" / "records.jsonl").read_bytes()
    )
    assert by_pipe.returncode == 0, by_pipe.stderr
    for key in ("turns", "good", "bad", "pairs", "rows_by_part"):
        assert by_pipe.result[key] == by_file.result[key]


def test_answers_that_a_blank_message_parted_are_said_to_be_one(tactful, tmp_path):
    talk = chat(
        "what is this?", "a cat", [{"type": "image_url", "image_url": {"url": "u"}}], "a dog", "wrong"
    )
    done = tactful(
        "judge", write_rows(tmp_path / "log.jsonl", [{"id": "d", "conversation": talk}]), "--model", "offline"
    )
    assert "1 dialogue with 1 answer: 1 turn" in done.stderr
    assert (
        "1 message of users without text (an image alone, say) left out; answers that one parted count as one"
        in done.stderr
    )


def test_judge_pairs_report_from_a_chat_log_offline(tactful, tmp_path):
    rows = [
        {
            "id": f"d{at}",
            "model": f"m{at % 2}",
            "conversation": chat(f"soup {at}", "beef", "no, that is wrong", "leek", "thank you, perfect"),
        }
        for at in range(10)
    ]
    log = write_rows(tmp_path / "log.jsonl", rows)
    done = tactful("judge", log, "--model", "offline", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "neg_correction" in done.stdout
    assert "a rehearsal" in done.stderr
    assert "10 dialogues with 20 answers: 20 turns, 0 answers without a follow-up" in done.stderr
    assert "without text" not in done.stderr
    assert "next: tactful feedback report" in done.stderr

    done = tactful("pairs", "run", "--out", "training", "--json")
    assert done.result["pairs"] == {"correction": 10}
    assert done.result["good"] + done.result["bad"] + sum(done.result["left_out"].values()) == 20
    assert sum(done.result["files"].values()) == 30

    done = tactful("report", "run", "--out", "report.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text()
    assert "A rehearsal" in page
    assert "By model" in page
    assert tactful("report", "run", "--out", "report.html").returncode == 2, "never overwrites"


def test_judge_with_an_endpoint_accounts_for_everything_and_caches(tactful, log):
    with serving(by_message) as server:
        words = [
            "judge",
            log,
            "--model",
            "m",
            "--base-url",
            server.base_url,
            "--json",
            "--cache",
            "calls.sqlite",
        ]
        first = tactful(*words, "--out", "a").result
        assert server.jobs == 36
        second = tactful(*words, "--out", "b").result
        assert server.jobs == 36
    turns = first["turns"]
    assert (
        turns["done"] + turns["failed"] + turns["skipped"]
        == turns["read"]
        == first["dialogues"]["turns"]
        == 36
    )
    assert first["dialogues"]["no_follow_up"] == 12
    assert sum(label["count"] for label in first["labels"].values()) + turns["unscored"] == 36
    assert second["labels"] == first["labels"]
    assert second["usage"]["calls"] == 0
    assert first["usage"]["calls"] == 36 + 1, "and the probe for JSON modes"


@pytest.mark.slow
def test_verdicts_that_look_as_if_nothing_was_read_are_told_before_any_reward(tactful, log):
    alike = {"rationale": "2024-05-01 12:00", "label": "neg_correction", "confidence": 100}
    with serving(lambda ask: alike) as server:
        done = tactful("judge", log, "--model", "m", "--base-url", server.base_url)
    assert done.returncode == 0
    warned, counted = done.stderr.index("warning: all "), done.stderr.index("mean reward -")
    assert warned < counted
    assert "verdicts are 'neg_correction'" in done.stderr
    assert "confidences are exactly 1" in done.stderr
    assert "reasons hold no words" in done.stderr
    with serving(by_message) as server:
        done = tactful("judge", log, "--model", "m", "--base-url", server.base_url)
    assert "warning" not in done.stderr


def test_unscored_turns_are_shown_and_taken_again_by_runs_retry(tactful, log):
    broken = True

    def script(ask):
        return (
            verdict("applause") if broken and "dialogue 3" in fenced(ask.prompt, "query") else by_message(ask)
        )

    with serving(script) as server:
        done = tactful("judge", log, "--model", "m", "--base-url", server.base_url, "--out", "run")
        assert done.returncode == 0
        assert "(3 unscored)" in done.stderr
        assert "runs retry run --unscored" in done.stderr
        broken = False
        done = tactful("retry", "run", "--unscored", noun="runs")
        assert done.returncode == 0, done.stderr
    assert not any(record.unscored for record in JudgedTurns("run"))


@pytest.mark.slow
def test_panel_reports_agreement_and_its_reading_of_the_votes(tactful, log, tmp_path):
    def script(ask):
        return verdict("neutral", 0.9) if ask.body["model"] == "c" else by_message(ask)

    with serving(script) as server:
        done = tactful(
            "judge", log, "--judges", "a,b,c", "--base-url", server.base_url, "--out", "run", "--json"
        )
    panel = done.result["panel"]
    assert panel["judges"] == ["a", "b", "c"]
    assert 0 < panel["unanimous"] < 1
    assert panel["votes"] == 108
    assert "unanimous on" in done.stderr
    assert len((tmp_path / "run" / "judgements.jsonl").read_text().splitlines()) == 36
    assert "repeat its mistakes" not in done.stderr
    drawn = tactful("judge", log, "--model", "offline", "--votes", 3, "--out", "drawn")
    assert "draws of one model repeat its mistakes" in drawn.stderr
    votes = tactful("pairs", "run", "--out", "from-run", "--json").result
    file = tactful("pairs", "run/judgements.jsonl", "--out", "from-file", "--json").result
    assert (votes["good"], votes["bad"]) == (file["good"], file["bad"])


def test_chats_from_a_pipe_and_to_a_new_folder(tactful, log):
    done = tactful("judge", "-", "--model", "offline", "--json", stdin=log.read_bytes())
    assert done.returncode == 0, done.stderr
    assert done.result["run"].startswith("runs/feedback-judge-")
    assert tactful("judge", log, "--model", "offline", "--out", done.result["run"]).returncode == 2


def fit_for(tmp_path, judge, source="log"):
    """A confidence map of one source, made from 80 authored judgements of which the surer ones are right."""
    turns, said = [], []
    for at in range(80):
        sure = 0.9 if at % 2 else 0.4
        right = at % 10 != 1 if at % 2 else at % 10 == 0
        label = Label.NEG_CORRECTION if right else Label.NEUTRAL
        turn_ = turn(f"f{at}/0", source=source)
        turns.append(LabelledTurn(**dict(turn_), label7=Label.NEG_CORRECTION))
        provenance = Provenance(model=judge, generator="endpoint")
        said.append(TurnJudgement.scored(turn_.id, label, sure, FeedbackConfig(), provenance=provenance))
    path = tmp_path / f"{source}-fit.json"
    fit_confidence(turns, said, judge=judge)[0].save(path)
    return path


@pytest.mark.slow
def test_embedded_judge_needs_no_network_and_reads_real_labelled_rows(tactful):
    file = DATA / "feedback" / "iard.jsonl"
    if not file.exists():
        pytest.skip("real data is not here; set TACTFUL_TEST_DATA")
    done = tactful("judge", file, "--model", "embedded", "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    turns, dialogues = done.result["turns"], done.result["dialogues"]
    assert turns["read"] == turns["done"] == dialogues["turns"]
    assert dialogues["answers"] == dialogues["turns"] + dialogues["no_query"] + dialogues["no_follow_up"]
    assert dialogues["dialogues"] == 169  # 1,102 rows: the turns of a recommendation belong together
    assert done.result["usage"]["calls"] == 0


@pytest.mark.slow
def test_fitted_confidence_is_applied_and_says_where_it_does_not_carry_over(tactful, log, tmp_path):
    here, elsewhere = fit_for(tmp_path, "embedded"), fit_for(tmp_path, "embedded", source="street")
    words = ["judge", log, "--model", "embedded", "--trained", "lexicon", "--json"]
    fitted = tactful(*words, "--confidence", here, "--out", "a")
    assert fitted.returncode == 0, fitted.stderr
    assert fitted.result["turns"]["confidence_not_fitted"] == 0
    other = tactful(*words, "--confidence", elsewhere, "--out", "b")
    assert other.result["turns"]["confidence_not_fitted"] == 36
    assert "was not fitted on log, and a fit does not carry over" in other.stderr
    promised = tactful(*words, "--confidence", elsewhere, "--precision", 0.8, "--out", "c")
    assert promised.result["turns"]["above_the_cut"] == 0
    done = tactful("judge", log, "--model", "offline", "--confidence", here)
    assert (done.returncode, "was fitted for the judge 'embedded', but 'offline'" in done.stderr) == (2, True)


def test_dry_run_sends_nothing_and_estimates(tactful, log):
    done = tactful("judge", log, "--model", "gpt-4.1-mini", "--votes", 2, "--dry-run", "--json")
    (judge,) = done.result["judges"]
    assert (done.result["turns"], judge["calls"]) == (36, 72)
    assert judge["prompt_tokens"] > 72 * 500
    assert "nothing was sent" in tactful("judge", log, "--model", "m", "--dry-run").stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--model", "a", "--judges", "b,c"], 2, "exclude each other"),
        (["--judges", " , "], 2, "names nothing"),
        (["--model", "m", "--votes", "3", "--temperature", "0"], 2, "draws the same reply 3 times"),
        (["--judges", "offline,offline"], 2, "not distinct"),
        (["--model", "offline", "--trained", "x"], 2, "--trained belongs to the judge 'embedded'"),
        (["--model", "offline", "--precision", "0.9"], 2, "fit-confidence"),
        (["--model", "offline", "--precision", "0.9", "--tau-c", "0.7"], 2, "--tau-c and --precision"),
        (["--model", "offline", "--samples", "9"], 2, "--samples belongs to a --reader that asks a model"),
        (["--reader", "surface", "--samples", "9"], 2, "--samples belongs to a --reader that asks a model"),
        (["--model", "embedded", "--max-chars", "900"], 2, "--max-chars belongs to a model"),
        (["--model", "offline", "--config", "none.toml"], 1, "none.toml: cannot read"),
        (["--model", "m"], 1, "OPENAI_API_KEY"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_a_sentence(tactful, log, words, code, said):
    done = tactful("judge", log, *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_rewards_and_threshold_from_a_file_and_a_flag(tactful, log, tmp_path):
    (tmp_path / "f.toml").write_text("tau_c = 0.9\n[rewards]\npos_progress = 0.4\n")
    strict = tactful("judge", log, "--model", "offline", "--config", "f.toml", "--out", "a", "--json").result
    loose = tactful(
        "judge", log, "--model", "offline", "--config", "f.toml", "--tau-c", 0, "--out", "b", "--json"
    ).result
    assert strict["turns"]["above_the_cut"] == 0
    assert loose["turns"]["above_the_cut"] == 36
    assert "pos_progress = 0.4" in (tmp_path / "b" / "config.toml").read_text()


def test_bad_lines_name_file_and_line_or_are_skipped_and_counted(tactful, log):
    with log.open("a") as file:
        file.write('{"id": "x", "conversation": [{"role": "ghost", "content": "boo"}]}\n')
    done = tactful("judge", log, "--model", "offline", "--out", "a")
    assert done.returncode == 1
    assert "log.jsonl:13" in done.stderr
    assert "ghost" in done.stderr
    assert "--skip-bad" in done.stderr
    done = tactful("judge", log, "--model", "offline", "--out", "b", "--skip-bad", "--json")
    assert done.result["dialogues"]["bad_lines"] == 1
    assert "1 unusable lines left out, the first: " in done.stderr


def test_the_wrong_run_or_an_empty_one_is_named(tactful, log, tmp_path):
    assert tactful("judge", log, "--model", "offline", "--out", "run").returncode == 0
    assert tactful("pairs", "run", "--out", "training").returncode == 0
    done = tactful("report", "training", "--out", "r.html")
    assert done.returncode == 1
    assert "is a run of 'feedback pairs', expected one of 'feedback judge'" in done.stderr
    said = tactful("pairs", log, "--out", "x").stderr
    assert f"expected judged turns; run: tactful feedback judge {log}\n" in said
    done = tactful("report", "run", "--by", "colour", "--out", "r.html")
    assert "no turn has the field 'colour'" in done.stderr
    assert not (tmp_path / "r.html").exists()
    assert tactful("pairs", "run", "--confidence", "c.json").returncode == 2


@pytest.mark.slow
def test_help_names_an_example_and_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['tactful', 'feedback', 'judge', '--help']\n"
        "from tactful.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'aiohttp', 'numpy', 'scipy', 'sklearn', 'matplotlib', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "tactful feedback judge chats.jsonl --model embedded" in done.stdout
