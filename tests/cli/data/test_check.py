"""`tactful data check` as a user types it."""

import json
import subprocess
import sys

import pytest

from tactful.api.data.check import check
from tactful.api.data.kinds import DOCUMENTS, READERS
from tactful.audit.types import Finding
from tactful.calibration.play.actions import SPACES
from tactful.calibration.play.personas import BUILT_IN
from tactful.calibration.tasks.states import synthetic_states
from tactful.data.io import write_jsonl
from tactful.errors import UsageError


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


@pytest.mark.slow
def test_standard_input_is_checked_when_its_kind_is_named(own_process, tmp_path):
    result = own_process("data", "check", "-", "--type", "states", cwd=tmp_path, stdin='{"query": "x"}\n{\n')
    assert result.returncode == 1
    assert "<stdin>:2: not JSON" in result.stderr
    assert own_process("data", "check", "-", cwd=tmp_path).returncode == 2


def test_an_unknown_kind_is_refused(invoke, tmp_path):
    (tmp_path / "s.jsonl").write_text('{"query": "x"}\n')
    with pytest.raises(UsageError, match="--type 'cats' is not known; choose one of: states, "):
        invoke("check", "s.jsonl", "--type", "cats")


@pytest.mark.slow
def test_every_file_along_the_way_passes_the_check(own_process, tmp_path):
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
        done = own_process(*words.split(), cwd=tmp_path)
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
        checked = own_process("data", "check", name, cwd=tmp_path)
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
        refused = own_process(*words.split(), cwd=tmp_path)
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


def test_labelled_requests_pass_the_check_and_bad_ones_do_not(invoke, tmp_path):
    row = {"id": "r", "group": "g", "context": [], "text": "Delete the old one", "label": "open"}
    write_jsonl(tmp_path / "train.jsonl", [row, {**row, "id": "s", "label": "vague"}])
    result = invoke("check", "train.jsonl")
    assert result.stdout == "train.jsonl: labelled-requests: 2 read = 1 good + 1 bad\n"
    assert "train.jsonl:2: " in result.stderr


def test_the_folder_of_an_audit_passes_the_check(invoke, tmp_path):
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "audit.md").write_text("An audit")
    (tmp_path / "audit" / "audit.json").write_text("{}")
    write_jsonl(tmp_path / "audit" / "findings.jsonl", [Finding(conversation="c", turn=1, asked=True)])
    assert invoke("check", "audit").stdout == "audit/findings.jsonl: findings: 1 read = 1 good + 0 bad\n"


def test_spaces_pass_the_check(invoke):
    assert "space: 1 read" in invoke("check", str(SPACES / "levels" / "coding" / "space.toml")).stdout


def test_all_problems_of_a_row_are_told(invoke, tmp_path):
    (tmp_path / "s.jsonl").write_text('{"query": "x", "query_clarity": true, "mood": 1, "domain": ""}\n')
    said = invoke("check", "s.jsonl").stderr
    assert "unknown key 'mood'" in said
    assert "query_clarity true, expected a number" in said
    assert "domain '', expected text" in said


def test_every_recognised_kind_has_a_reader():
    from tactful.data.check import KINDS

    assert {*READERS, *DOCUMENTS} == set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in DOCUMENTS if not kind.endswith("-config")])
def test_an_empty_file_is_no_document_of_any_kind(tmp_path, kind):
    (tmp_path / "empty").touch()
    report = check(tmp_path / "empty", kind=kind)
    assert (report.read, report.good, report.bad) == (1, 0, 1)


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
