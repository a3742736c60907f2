"""The whole way: a log in, a page out."""

import json
import os
from pathlib import Path

import pytest

import tactful as tf
from tactful.audit.page import render_page
from tactful.audit.pipeline import OUTCOMES, audit, judged, outcome_of
from tactful.audit.results import Audit, Slice
from tactful.audit.types import Finding
from tactful.data.logs import read_conversations
from tactful.errors import DataError, UsageError
from tactful.reading.opening import open_embedded_reader
from tactful.stats import Estimate

HERE = Path(__file__).parent
SHARED = Path(
    os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data")
).parent
SIX = SHARED / "cases" / "logs" / "one_log_in_six_shapes"
WHOLE = (
    "openai.jsonl",
    "sharegpt.json",
    "langfuse_observations.jsonl",
    "langsmith.jsonl",
    "otel.json",
    "otel_flat.jsonl",
)
NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7 * 7 }} [x](javascript:alert(1)) \u202e"


def log_of(path: Path, talks: list[list[str]]) -> Path:
    """A log of messages, user and assistant in turn."""
    rows = [
        {
            "messages": [
                {"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(talk)
            ]
        }
        for talk in talks
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, Path]:
    out = tmp_path_factory.mktemp("audit") / "out"
    return tf.audit(HERE / "rehearsal.jsonl", out=out), out


@pytest.mark.slow
@pytest.mark.parametrize("shape", WHOLE)
def test_the_same_log_shows_the_same_faults_in_every_shape(shape):
    if not SIX.is_dir():
        pytest.skip("the logs beside the project are not here")
    found: list[tuple[bool, bool]] = [
        (any(f.is_needless for _, f in findings), any(f.is_guess for _, f in findings))
        for _, findings in judged(read_conversations(SIX / shape), open_embedded_reader())
    ]
    assert len(found) == 42
    # of each fourteen, the first five over-ask, the next five guess, the rest do neither
    true = [(at % 14 < 5, 5 <= at % 14 < 10) for at in range(42)]
    for fault in (0, 1):
        hits = sum(said[fault] for said, fact in zip(found, true, strict=True) if fact[fault])
        false = sum(said[fault] for said, fact in zip(found, true, strict=True) if not fact[fault])
        assert hits >= 12  # of 15
        assert false <= 2  # of 27


@pytest.mark.slow
def test_matters_in_one_long_session_are_judged_each_by_itself():
    if not SIX.is_dir():
        pytest.skip("the logs beside the project are not here")
    [(_, findings)] = judged(read_conversations(SIX / "claude_code.jsonl"), open_embedded_reader())
    assert 4 <= sum(finding.is_needless for _, finding in findings) <= 6  # of 14 dialogues, five over-ask
    assert 4 <= sum(finding.is_guess for _, finding in findings) <= 6  # and five guess


def test_turns_are_accounted_for(rehearsed):
    found, out = rehearsed
    assert sum(found.outcomes.values()) == found.turns == 120
    assert found.conversations == 60
    lines = (out / "findings.jsonl").read_text().splitlines()
    assert len(lines) == found.turns
    assert json.loads((out / "audit.json").read_text())["format"] == "tactful-audit-1"
    assert Audit.model_validate_json((out / "audit.json").read_text()) == found


def test_ten_conversations_at_most_show_each_fault_with_the_turn_marked(rehearsed):
    found, _ = rehearsed
    for group in found.examples:
        assert len(group.shown) <= 10
        for one in group.shown:
            assert sum(turn.marked for turn in one.turns) == 1
            assert next(turn for turn in one.turns if turn.marked).role == "assistant"


def test_what_users_said_is_shown_and_never_run(tmp_path):
    talks = [["Sort it.", f"Deleted. {NASTY}", f"No! I never said delete. {NASTY}", "Sorry."]] * 1
    found = tf.audit(log_of(tmp_path / "log.jsonl", talks), out=tmp_path / "out")
    assert found.conversations == 1
    page, text = ((tmp_path / "out" / name).read_text() for name in ("audit.html", "audit.md"))
    outside_of_code = "".join(line for line in text.splitlines() if not line.startswith("    "))
    for shown in (page, outside_of_code):
        assert "<script>alert" not in shown
        assert "<img" not in shown
    for said in (page, text):
        assert "\u202e" not in said
        assert "{{ 7" in said
    assert "](javascript" not in outside_of_code


def test_the_text_for_a_ticket_keeps_what_was_said_as_it_was(tmp_path):
    code = "def low(n):\n    if n < 2 and n_ > 1:\n\n        return 'it & me'"
    talks = [["Sort it.", f"Deleted.\n{code}", "No! I never said delete. It's wrong", "Sorry."]]
    tf.audit(log_of(tmp_path / "log.jsonl", talks), out=tmp_path / "out")
    text = (tmp_path / "out" / "audit.md").read_text()
    assert (
        "    ▶ assistant: Deleted.\n    def low(n):\n        if n < 2 and n_ > 1:\n\n            return"
        in text
    )
    assert "It's wrong" in text
    assert "&#" not in text


@pytest.mark.slow
def test_equal_logs_give_equal_audits(tmp_path, rehearsed):
    assert tf.audit(HERE / "rehearsal.jsonl") == rehearsed[0]


def test_a_small_log_says_that_it_is_small(tmp_path):
    found = tf.audit(log_of(tmp_path / "log.jsonl", [["Hi", "Hello"], ["Bye", "Goodbye"]]))
    assert any("too few for intervals" in limit for limit in found.limits)
    assert found.share("asked").by_conversation.low is None


@pytest.mark.parametrize("reply", [[], ["Thanks, perfect."]])
def test_a_log_without_last_replies_says_that_they_are_missing(tmp_path, reply):
    found = tf.audit(log_of(tmp_path / "log.jsonl", [["Hi", "Hello", *reply], ["Bye", "Goodbye", *reply]]))
    assert any("2 of 2 conversations end with the assistant's turn" in one for one in found.limits) == (
        not reply
    )


def test_a_language_that_no_reader_reads_is_counted_and_named(tmp_path):
    talks = [
        ["Καλημέρα, γράψε μου ένα γράμμα", "Ορίστε το γράμμα", "Δεν μου αρέσει", "Συγγνώμη"] for _ in range(1)
    ]
    talks += [[f"Γράψε {n}", f"Εντάξει {n}", f"Όχι έτσι {n}", "Ναι"] for n in range(12)]
    found = tf.audit(log_of(tmp_path / "log.jsonl", talks))
    assert found.outcomes["answered, a wrong guess"] == 0
    assert any("could not be read" in limit for limit in found.limits)


def test_every_finding_is_counted_as_one_of_the_outcomes_of_an_audit():
    asked = [{"needless": 0.2}, {"needless": 0.5}, {"complaint": 0.9}]
    answered = [
        {"guess": 0.1, "complaint": 0.1},
        {"guess": 0.9, "complaint": 0.9, "subject": "a wrong guess"},
        {"guess": 0.1, "complaint": 0.9, "subject": "an error"},
        {},
    ]
    found = [Finding(conversation="c", turn=1, asked=True, **told) for told in asked]
    found += [Finding(conversation="c", turn=1, asked=False, **told) for told in answered]
    assert tuple(map(outcome_of, found)) == OUTCOMES
    unread = Finding(conversation="c", turn=1, asked=False, complaint=0.9)
    assert outcome_of(unread) == "answered, another complaint"


def test_a_log_without_answers_is_refused(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"messages": [{"role": "user", "content": "Hello?"}]}\n')
    with pytest.raises(DataError, match=r"no assistant answers anybody there.*; give a log of"):
        tf.audit(tmp_path / "log.jsonl")


def test_an_audit_is_never_written_over(tmp_path):
    log = log_of(tmp_path / "log.jsonl", [["Hi", "Hello"]])
    tf.audit(log, out=tmp_path / "out")
    with pytest.raises(UsageError, match="exists already"):
        tf.audit(log, out=tmp_path / "out")


def test_users_have_intervals_and_tastes_of_their_own(tmp_path):
    rows = []
    for n in range(40):
        likes = n % 8 < 4
        reply = "Acme, please, and thanks for checking." if likes else "Stop asking, just send it!"
        turns = [
            ("user", f"Send the reminder {n}."),
            ("assistant", "Which client?"),
            ("user", reply),
            ("assistant", "Sent."),
        ]
        rows.append({"user": f"u{n % 8}", "messages": [{"role": r, "content": t} for r, t in turns]})
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = audit(read_conversations(tmp_path / "log.jsonl"), open_embedded_reader("surface"))
    if not found.users:
        pytest.skip("this format names no users")
    assert found.share("needless").by_user is not None
    assert {taste.verdict for taste in found.tastes} >= {"minds them"}


def test_the_picture_by_week_names_the_weeks_that_it_draws(rehearsed):
    """Of thirty weeks the last twenty-six are drawn: from the fifth on."""
    half = dict.fromkeys(
        ("asked", "needless", "guessed", "complaints"), Estimate(value=0.5, items=2, groups=2)
    )
    weeks = [Slice(value=f"week {at:02}", conversations=2, turns=2, shares=half) for at in range(30)]
    page = render_page(rehearsed[0].model_copy(update={"weeks": tuple(weeks)}))
    assert "Shares by week, from week 04 to week 29;" in page
    assert page.count("week 00") == 1  # in the table alone
    assert page.count("<circle") == 26 * 4
