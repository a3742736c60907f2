"""`tactful data` as a user types it, in a process of its own where exit codes and streams matter."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tactful.calibration.play.actions import SPACES
from tactful.calibration.play.personas import BUILT_IN
from tactful.calibration.tasks.states import synthetic_states
from tactful.cli.data.root import noun
from tactful.data.io import write_jsonl
from tactful.errors import UsageError


def tactful(*words, cwd, stdin=""):
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
    )


RUN = "from tactful.cli.main import main; main()"
ROW = {
    "task_id": 1,
    "text": "Write a function to add one.",
    "code": "def inc(n): return n + 1",
    "test_list": ["assert inc(1) == 2"],
}


@pytest.fixture
def mbpp(tmp_path):
    rows = [{**ROW, "task_id": n} for n in range(1, 5)]
    rows[1]["code"] = "def inc(n): return n"
    (tmp_path / "mbpp.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\n")
    return tmp_path


def test_importing_mbpp_accounts_for_every_row(mbpp):
    refused = tactful("data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", cwd=mbpp)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tactful: mbpp.jsonl:5: not JSON")
    assert "Traceback" not in refused.stderr
    done = tactful(
        "data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", "--skip-bad", "--json", cwd=mbpp
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert [counts[key] for key in ("read", "imported", "quarantined", "bad")] == [5, 3, 1, 1]
    assert "mbpp.jsonl:5: not JSON" in done.stderr
    assert "does not pass test 1" in (mbpp / "s.quarantine.jsonl").read_text()
    states = [json.loads(line) for line in (mbpp / "s.jsonl").read_text().splitlines()]
    assert all(0 <= state["query_clarity"] <= 1 for state in states)
    again = tactful("data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", "--skip-bad", cwd=mbpp)
    assert again.returncode == 2
    assert "s.jsonl: exists already" in again.stderr


def test_the_imported_states_pass_the_check(mbpp):
    tactful("data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", "--skip-bad", cwd=mbpp)
    checked = tactful("data", "check", "s.jsonl", cwd=mbpp)
    assert (checked.returncode, checked.stdout) == (0, "s.jsonl: states: 3 read = 3 good + 0 bad\n")


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Call `tactful data …` in this process; errors raised on purpose come out as they are."""
    monkeypatch.chdir(tmp_path)

    def call(*words, **options):
        return CliRunner().invoke(noun, words, catch_exceptions=False, standalone_mode=True, **options)

    return call


def test_a_bad_file_fails_the_check_with_file_and_line(invoke, tmp_path):
    (tmp_path / "s.jsonl").write_text(
        '{"query": "x"}\n{"query": "y", "query_clarity": 7}\n{"query": "y", "mood": 7}\n'
    )
    result = invoke("check", "s.jsonl")
    assert result.exit_code == 1
    assert "s.jsonl:2: state has query_clarity 7: " in result.stderr
    assert "s.jsonl:3: state has the unknown key 'mood'" in result.stderr
    assert result.stdout == "s.jsonl: states: 3 read = 1 good + 2 bad\n"
    report = json.loads(invoke("check", "s.jsonl", "--json").stdout)
    assert (report["type"], report["read"], report["good"], report["bad"]) == ("states", 3, 1, 2)


def test_states_sessions_and_personas_are_recognised_by_themselves(invoke, tmp_path):
    states = synthetic_states("coding", 4)
    write_jsonl(tmp_path / "states.jsonl", states)
    assert "states: 4 read = 4 good + 0 bad" in invoke("check", "states.jsonl").stdout
    assert "personas" in invoke("check", str(BUILT_IN / "coding.toml")).stdout
    session = {
        "id": "x",
        "persona": {
            "name": "p",
            "domain": "any",
            "expertise": 1,
            "patience": 1,
            "clarity": 1,
            "time_pressure": 0,
            "style": "",
        },
        "states": [states[0].model_dump(mode="json")],
    }
    (tmp_path / "sessions.jsonl").write_text(json.dumps(session) + "\n")
    assert "sessions: 1 read = 1 good + 0 bad" in invoke("check", "sessions.jsonl").stdout


def test_bad_personas_fail_the_check(invoke, tmp_path):
    (tmp_path / "p.toml").write_text('[[persona]]\nname = "x"\n')
    result = invoke("check", "p.toml")
    assert result.exit_code == 1
    assert "p.toml" in result.stderr


def test_standard_input_is_checked_when_its_kind_is_named(tmp_path):
    result = tactful("data", "check", "-", "--type", "states", cwd=tmp_path, stdin='{"query": "x"}\n{\n')
    assert result.returncode == 1
    assert "<stdin>:2: not JSON" in result.stderr
    assert tactful("data", "check", "-", cwd=tmp_path).returncode == 2


def test_an_unknown_kind_is_refused(invoke, tmp_path):
    (tmp_path / "s.jsonl").write_text('{"query": "x"}\n')
    with pytest.raises(UsageError, match="--type 'cats' is not known; choose one of: states, "):
        invoke("check", "s.jsonl", "--type", "cats")


def test_a_source_must_be_named_once(invoke):
    with pytest.raises(UsageError, match="either FILE or --hub"):
        invoke("import", "mbpp")
    with pytest.raises(UsageError, match="either FILE or --hub"):
        invoke("import", "mbpp", "x.jsonl", "--hub")


def test_init_makes_the_layout_and_says_how_to_go_on(invoke, tmp_path):
    result = invoke("init")
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "dpo",
        "eval",
        "external",
        "logs",
        "seeds",
    ]
    assert "next: tactful data import mbpp FILE --out data/seeds/mbpp_states.jsonl" in result.stderr
    assert json.loads(invoke("init", "--json").stdout)["written"] == []


def test_export_counts_its_rows(invoke, tmp_path):
    state = synthetic_states("coding", 1)[0].public().model_dump(mode="json")
    said, other = ([{"role": "assistant", "content": text}] for text in "xy")
    row = {
        "id": "p", "state": state, "persona": None, "chosen_action": "MID", "rejected_action": "LOW",
        "chosen_reward": 1, "rejected_reward": 0, "chosen_task_score": 1, "rejected_task_score": 0,
        "chosen_interruption_cost": 0, "rejected_interruption_cost": 0, "margin": 1,
        "prompt": [{"role": "user", "content": "q"}], "chosen": said, "rejected": other,
        "provenance": {"model": "offline", "generator": "offline"},
    }  # fmt: skip
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row) + "\n")
    assert "pairs: 1 read = 1 good + 0 bad" in invoke("check", "pairs.jsonl").stdout
    result = invoke("export", "pairs.jsonl", "--to", "trl", "--out", "out", "--json")
    assert json.loads(result.stdout) == {
        "rows": 1, "equal_sides": 0, "repeated": 0, "to": "trl", "out": "out"
    }  # fmt: skip
    assert len((tmp_path / "out" / "pairs.jsonl").read_text().splitlines()) == 1


@pytest.mark.slow
def test_every_file_along_the_way_passes_the_check(tmp_path):
    """States, a rollout, rewards, pairs (as run folders), a policy and three exports, each as the commands made it."""
    states = synthetic_states("planning", 12)
    write_jsonl(tmp_path / "states.jsonl", states)
    for words in (
        "calibrate rollout states.jsonl --model offline --out rollout",
        "calibrate reward rollout --out reward",
        "calibrate pairs reward --out pairs",
        "policy train pairs --out policy.json",
        "data export pairs --to trl --out trl",
        "data export pairs --to openai --out openai",
        "data export pairs --to llama-factory --out factory",
    ):
        done = tactful(*words.split(), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for name, kind in (
        ("rollout", "trajectories"),
        ("reward", "rewarded"),
        ("reward/config.toml", "reward-config"),
        ("pairs", "pairs"),
        ("policy.json", "policy"),
        ("trl", "trl"),
        ("trl/provenance.jsonl", "provenance"),
        ("openai", "openai"),
        ("factory", "llama-factory"),
    ):
        checked = tactful("data", "check", name, cwd=tmp_path)
        assert checked.returncode == 0, checked.stderr
        assert f": {kind}: " in checked.stdout
        assert checked.stdout.endswith(" + 0 bad\n")
    for words, fix in (
        (
            "policy train rollout --out p.json",
            "run: tactful calibrate reward rollout, then tactful calibrate pairs",
        ),
        ("data export reward --to trl --out e", "run: tactful calibrate pairs reward"),
        ("calibrate rollout pairs --model offline --out r", "give what 'tactful calibrate states' makes"),
        (
            "calibrate evaluate --states states.jsonl --rewarded rollout --model offline --out ev",
            "run: tactful calibrate reward rollout",
        ),
    ):
        refused = tactful(*words.split(), cwd=tmp_path)
        assert refused.returncode == 1
        assert fix in refused.stderr


CHAT = [
    {"role": "user", "content": "Sort."},
    {"role": "assistant", "content": "Done."},
    {"role": "user", "content": "Thanks!"},
]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"messages": CHAT}, "chats"),
        ({"q_t": "a", "a_t": "b", "user_next": "c"}, "chats"),
        ({"id": "d", "conversation": CHAT}, "dialogues"),
        (
            {"id": "d", "conversation": CHAT[:2], "user_next": "Thanks!", "label7": "pos_praise"},
            "labelled-turns",
        ),
    ],
)
def test_chat_logs_pass_the_check_and_bad_ones_do_not(invoke, tmp_path, row, kind):
    bad = {**row, "conversation": "hello"} if "conversation" in row else {**row, "messages": 7}
    (tmp_path / "c.jsonl").write_text(json.dumps(row) + "\n" + json.dumps(bad) + "\n")
    result = invoke("check", "c.jsonl")
    assert result.stdout == f"c.jsonl: {kind}: 2 read = 1 good + 1 bad\n"
    assert "c.jsonl:2: " in result.stderr


def test_spaces_pass_the_check(invoke):
    assert "space: 1 read" in invoke("check", str(SPACES / "levels" / "coding" / "space.toml")).stdout


def test_all_problems_of_a_row_are_told(invoke, tmp_path):
    (tmp_path / "s.jsonl").write_text('{"query": "x", "query_clarity": true, "mood": 1, "domain": ""}\n')
    said = invoke("check", "s.jsonl").stderr
    assert "unknown key 'mood'" in said
    assert "query_clarity true, expected a number" in said
    assert "domain '', expected text" in said


def test_every_recognised_kind_has_a_reader():
    from tactful.api.data.kinds import documents, readers
    from tactful.data.check import KINDS

    assert {*readers(), *documents()} == set(KINDS)


def test_every_key_of_a_reward_configuration_tells_its_kind():
    from tactful.calibration.reward.rewards import RewardConfig
    from tactful.data.check import TOML_MARKS

    assert TOML_MARKS["reward-config"] == set(RewardConfig.model_fields)


def test_help_imports_nothing_heavy():
    code = (
        "import sys, tactful.cli.data.root\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'aiohttp', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
