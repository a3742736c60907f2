import re
from html.parser import HTMLParser

import pytest
from tests.feedback.chats import judged, turn

from tactful.errors import DataError
from tactful.feedback.labels import LABELS, Label
from tactful.feedback.report.page import (
    most_frequent,
    overview,
    read_time,
    render_report,
    usual_fields,
    write_report,
)
from tactful.feedback.report.shares import LabelShares

PAYLOADS = [
    "<script>alert(1)</script>",
    "</div><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    '" onmouseover="alert(1)',
    "\u202egnp.exe \x1b[31m",
]


def some(n=40, **more):
    """Two models over two months; the second one is corrected more often."""
    for at in range(n):
        model = f"m{at % 2}"
        label = Label.NEG_CORRECTION if at % 2 and at % 3 == 0 else Label.POS_PROGRESS
        meta = {"model": model, "created_at": f"2026-0{1 + at % 2}-{1 + at % 28:02d}T10:00:00Z"}
        yield judged(turn(f"d{at // 2}/{at % 2}", meta=meta, **more), label, 0.6 + at / 100)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def tags(page):
    parser = Tags()
    parser.feed(page)
    return parser.seen


def test_page_shows_shares_fields_time_worst_turns_and_provenance():
    found = overview(some(), fields=("model",))
    page = render_report(found, title="Feedback", failed=3)
    for text in (
        "By model",
        "Over time, by day",
        "By place in the dialogue",
        "Read these first",
        "judge-1",
        "3 failed",
    ):
        assert text in page
    assert page.count("<article>") == min(25, found.total.counts[Label.NEG_CORRECTION])
    assert "rehearsal" not in page.lower()


def test_a_field_that_is_named_twice_or_stands_there_anyway_counts_every_turn_once():
    found = overview(some(), fields=("source", "model", "model"))
    for name in ("source", "model"):
        assert sum(shares.turns for shares in found.by_field[name].values()) == found.total.turns == 40


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "place", ["q_t", "a_t", "user_next", "source", "dialogue_id", "rationale", "meta", "title"]
)
def test_payloads_in_any_field_are_shown_never_run(payload, place):
    more = {place: payload} if place in ("q_t", "a_t", "user_next", "source", "dialogue_id") else {}
    if place == "meta":
        more["meta"] = {"model": payload}
    rationale = payload if place == "rationale" else ""
    turns = [judged(turn("d/0", **more), Label.NEG_CORRECTION, rationale=rationale), *some(4)]
    page = render_report(overview(turns, fields=("model",)), title=payload if place == "title" else "t")
    for tag, attributes in tags(page):
        assert tag not in ("script", "img", "iframe", "a", "link", "object")
        assert not any(name.startswith("on") or name in ("src", "href") for name in attributes), attributes
    assert "49" not in re.findall(r"\b49\b", page)
    if place in ("q_t", "a_t", "user_next", "rationale"):
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_page_is_self_contained():
    page = render_report(overview(some()), title="t")
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page


def test_worst_turns_come_by_reward_and_then_by_confidence():
    labels = [
        (Label.NEG_CORRECTION, 0.99),
        (Label.NEG_CONSTRAINT_RESTATE, 0.7),
        (Label.NEG_CONSTRAINT_RESTATE, 0.8),
        (Label.POS_PRAISE, 1.0),
        (Label.NEG_CONSTRAINT_RESTATE, 0.3),
    ]
    turns = [judged(turn(f"d/{at}"), label, confidence) for at, (label, confidence) in enumerate(labels)]
    assert [item.id for item in overview(turns).worst.first()] == ["d/2", "d/1", "d/0"]


def test_unscored_are_counted_by_reason_and_left_out_of_shares():
    turns = [judged(turn("d/0"), None), judged(turn("e/0"), Label.POS_PRAISE)]
    found = overview(turns)
    assert (found.total.turns, found.total.scored, found.unscored) == (2, 1, {"unreadable": 1})
    assert found.total.share(Label.POS_PRAISE).value == 1.0
    assert "1 unreadable" in render_report(found, title="t")


def test_nothing_and_unknown_fields_are_refused():
    with pytest.raises(DataError, match="no judged turn"):
        overview([])
    with pytest.raises(DataError, match="no turn has the field 'colour'"):
        overview(some(), fields=("colour",))
    with pytest.raises(DataError, match="no turn has a time in 'model'"):
        overview(some(), time_key="model")


def test_only_unscored_turns_make_a_page_without_shares():
    page = render_report(overview([judged(turn(), None)]), title="t")
    assert "No turn has a reward below zero" in page


def test_the_most_frequent_values_of_a_field_have_rows_and_the_others_one():
    users = [*range(40), *range(30, 40)]
    turns = [judged(turn(f"d{at}/0", meta={"user": user}), Label.NEUTRAL) for at, user in enumerate(users)]
    rows = most_frequent(overview(turns, fields=("user",)).by_field["user"])
    assert {value for value, _ in rows[:10]} == {str(user) for user in range(30, 40)}
    assert [shares.turns for _, shares in rows] == [2] * 10 + [1, 1, 28]
    assert rows[-1][0] == "(others)"


def test_merged_shares_equal_those_counted_together():
    one, two = [[BAD, GOOD], [BAD]], [[GOOD, GOOD], [GOOD, BAD, BAD]]
    merged = table(*one)
    merged.merge(table(*two, first=len(one)))
    assert merged.table() == table(*one, *two).table()
    assert (merged.turns, merged.dialogues) == (8, 4)


def test_usual_fields_are_those_that_occur():
    assert usual_fields(some()) == ("model",)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-03-01T23:30:00-05:00", "2026-03-02"),
        ("2026-03-01", "2026-03-01"),
        (1_772_323_200, "2026-03-01"),
        (1_772_323_200_000, "2026-03-01"),
        (208.8, None),
        ("yesterday", None),
        (True, None),
        (1e300, None),
        (None, None),
    ],
)
def test_times_are_iso_text_or_seconds_since_1970(value, day):
    moment = read_time(value)
    assert (None if moment is None else f"{moment:%Y-%m-%d}") == day


def test_page_replaces_an_old_one_whole(tmp_path):
    path = tmp_path / "deep" / "r.html"
    write_report(overview(some()), path, title="one")
    write_report(overview(some()), path, title="two")
    assert "<h1>two</h1>" in path.read_text()


# ---------------------------------------------------------------- shares


def table(*dialogues, first=0):
    shares = LabelShares()
    for number, labels in enumerate(dialogues, start=first):
        for at, label in enumerate(labels):
            shares.add(judged(turn(f"d{number}/{at}"), label))
    return shares


GOOD, BAD = Label.POS_PRAISE, Label.NEG_CORRECTION


def test_share_and_interval_equal_the_ratio_estimate_worked_by_hand():
    # 8 dialogues of 2 turns; bad turns 2, 0, 1, 1 twice → p = 8/16. Σ(y − p·n)² = 2 · (1 + 1 + 0 + 0) = 4.
    # Variance 8/7 · 4/16² = 1/56, worth 0.25 · 56 = 14 turns; times (1.96/2.3646)², t of 7: 9.619.
    # Wilson at one half: 1.96 / (2 √(9.619 + 1.96²)) = 0.2671.
    shares = table(*[[BAD, BAD], [GOOD, GOOD], [BAD, GOOD], [GOOD, BAD]] * 2)
    share = shares.share(BAD)
    assert (shares.counts[BAD], share.value) == (8, 0.5)
    assert share.low == pytest.approx(0.5 - 0.2671, abs=1e-4)
    assert share.high == pytest.approx(0.5 + 0.2671, abs=1e-4)


def test_a_dialogue_counts_once_wherever_its_turns_stand():
    order = [
        (number, at) for at in range(10) for number in range(20)
    ]  # never two turns of a dialogue in a row
    apart, together = LabelShares(), LabelShares()
    for shares, rows in ((apart, order), (together, sorted(order))):
        for number, at in rows:
            shares.add(judged(turn(f"d{number}/{at}"), BAD if (number + at // 7) % 2 else GOOD))
    assert apart.dialogues == together.dialogues == 20
    assert apart.table() == together.table()


def test_turns_that_stick_together_in_dialogues_widen_the_interval():
    alike = table(*([BAD] * 5, [GOOD] * 5) * 10).share(BAD)
    mixed = table(*([BAD, GOOD, BAD, GOOD, BAD], [GOOD, BAD, GOOD, BAD, GOOD]) * 10).share(BAD)
    assert alike.value == mixed.value == 0.5
    assert alike.high - alike.low > 1.5 * (mixed.high - mixed.low)


def test_nothing_few_dialogues_and_one_label_throughout_have_no_interval():
    assert table().share(BAD).percent() == "–"
    assert table([BAD, GOOD]).share(BAD).percent() == "50.0% [interval not estimable]"
    for labels in ([GOOD, GOOD], [BAD, BAD]):
        alike = table(*[labels] * 20).share(BAD)
        assert (alike.low, alike.high) == (None, None)
    assert table([None, None]).share(BAD).value is None
    assert set(table().table()) == set(LABELS)
