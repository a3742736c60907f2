"""The benchmark as a whole: baselines in every table, both tables from one judge, agreement with people."""

import pytest
from tests.evaluation.proactive_fixtures import SayingJudge, a_label, a_trace, said

from tactful.data.formats.traces import Answer
from tactful.errors import UserError
from tactful.evaluation.judges.tables import Table
from tactful.evaluation.proactive.assistants import BASELINES, Assistant, gated, look_up, thrown
from tactful.evaluation.proactive.bench import run_bench
from tactful.evaluation.proactive.points import Scene, scenes_of
from tactful.evaluation.proactive.report import bench_lines, bench_tables
from tactful.evaluation.proactive.results import BenchResult

TEXTS = ["opens the ledger", "searches for sums", "reads a page", "types a formula"]
GOOD, BAD = "Offer to sum the column.", "Offer to draw a rocket."


def a_scene(name: str = "a", first: str = "opens the ledger") -> Scene:
    trace = a_trace(name, [first, *TEXTS[1:]], {0: [BAD], 1: [GOOD]})
    labels = [
        a_label(trace, 1, "Add up the months.", accepted=True, need=True),
        a_label(trace, 2, "Tell a joke.", accepted=False, need=False),
        a_label(trace, 2, None, accepted=True, need=False),
    ]
    return scenes_of([trace], labels)[0]


def bench(*assistants: Assistant, scene: Scene | None = None, **options: object) -> BenchResult:
    scene = scene or a_scene()
    judge = SayingJudge({GOOD: True, BAD: False, None: True, "Add up the months.": True})
    result, _ = run_bench(
        [scene],
        assistants,
        judge.judge_all,
        {"all": [scene.trace.id]},
        judge_name="saying",
        regime="told what to say",
        files={},
        resamples=50,
        **options,  # type: ignore[arg-type]
    )
    return result


def an_assistant() -> Assistant:
    scene = a_scene()
    return Assistant("mine", {"a": said(scene.trace, BAD, GOOD, "null", None)})


def test_baselines_are_rows_of_both_tables_of_every_split() -> None:
    result = bench(an_assistant())
    for split in result.splits:
        for rows in (split.published, split.corrected):
            assert tuple(row.name for row in rows if row.baseline) == BASELINES
    assert BASELINES == ("always-propose", "never-propose", "random", "look-up")


@pytest.mark.parametrize("lost", BASELINES)
def test_a_table_without_one_of_its_baselines_is_refused(lost: str) -> None:
    for table in bench_tables(bench(an_assistant())):
        rows = tuple(row for row in table.rows if row.name != lost)
        with pytest.raises(ValueError, match=f"lacks the baseline rows {lost}"):
            Table(**{**dict(table), "rows": rows})


def test_every_printed_table_names_every_baseline() -> None:
    text = "\n".join(bench_lines(bench(an_assistant())))
    for block in text.split("\n\n")[1:]:
        assert all(name in block for name in BASELINES), block


def published(result: BenchResult, name: str) -> tuple[float, float, float, float]:
    row = next(row for row in result.splits[0].published if row.name == name)
    return row.counts.tp, row.counts.fp, row.counts.tn, row.counts.fn


def test_both_tables_of_one_assistant_by_hand() -> None:
    # BAD rejected: FP; GOOD accepted: TP; the text "null" is a proposal whose silence is accepted: TP; silence: TN
    result = bench(an_assistant())
    assert published(result, "mine") == (2, 1, 1, 0)
    # without quirks "null" is silence: TN
    assert published(bench(an_assistant(), quirks=False), "mine") == (1, 1, 2, 0)
    row = result.splits[0].corrected[0]
    # need: known at events 2 (wanted) and 3 (not), else by the judge, who accepts silence: not wanted
    assert row.counts == {"false-alarm": 1, "hit": 1, "correct-silence": 2}


def test_a_failed_call_counts_as_published_and_is_out_of_the_corrected_table() -> None:
    scene = a_scene()
    failed = Answer(event=scene.trace.events[0], state="failed", said=("candidate_task",))
    one = Assistant("mine", {"a": {**said(scene.trace, None, None, None, None), 0: failed}})
    result = bench(one)
    assert published(result, "mine") == (0, 1, 3, 0)
    assert result.splits[0].corrected[0].counts["failed"] == 1


def test_an_event_without_response_is_skipped_as_published_and_counted_as_absent() -> None:
    scene = a_scene()
    result = bench(Assistant("mine", {"a": {1: said(scene.trace, None, GOOD)[1]}}))
    assert published(result, "mine") == (1, 0, 0, 0)
    assert result.splits[0].corrected[0].counts == {"absent": 3, "hit": 1}


def test_random_is_halfway_between_always_and_never_in_expected_counts() -> None:
    result = bench(an_assistant())
    always, never, coin = (published(result, name) for name in BASELINES[:3])
    assert coin == tuple((one + other) / 2 for one, other in zip(always, never, strict=True))


def test_the_look_up_reads_the_labels_and_shows_what_a_leak_is_worth() -> None:
    scene = a_scene()
    texts = [answer.said[0] for _, answer in sorted(look_up([scene]).answers["a"].items())]
    assert texts == [None, "Add up the months.", None, None]


def test_a_look_up_without_labels_knows_nothing() -> None:
    scene = Scene(a_trace("a", TEXTS))
    assert all(answer.said == (None,) for answer in look_up([scene]).answers["a"].values())


def test_agreement_with_people_is_on_what_they_labelled_with_its_n() -> None:
    found = bench(an_assistant()).agreement
    assert found is not None
    assert (found.all.items, found.proposals.items, found.silences.items) == (3, 2, 1)
    assert found.all.value == pytest.approx(1), "the judge says what people said on all three"


def test_agreement_that_was_not_asked_for_is_not_taken_for_missing_labels() -> None:
    lines = list(bench_lines(bench(people=0)))
    assert "Its agreement with people was not measured (--people 0)" in lines
    assert not any("--reward-data" in line for line in lines)


def test_without_labels_there_is_no_agreement() -> None:
    result = bench(scene=Scene(a_trace("a", TEXTS)))
    assert result.agreement is None
    assert any("not known here" in line for line in bench_lines(result))


def test_two_rows_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="two rows would bear the name 'look-up'"):
        bench(Assistant("look-up"))


async def test_the_gate_says_the_best_candidate_from_the_threshold_on() -> None:
    scene = Scene(a_trace("a", TEXTS, {0: [BAD], 1: [BAD, GOOD]}))
    judge = SayingJudge({GOOD: True, BAD: False})
    found = await gated([scene], judge, 0.5)
    assert [answer.said[0] for _, answer in sorted(found.answers["a"].items())] == [None, GOOD, None, None]
    at_its_threshold = await gated([scene], judge, 0.9)
    assert at_its_threshold.answers["a"][1].said == (GOOD,), "p >= threshold speaks"
    assert (await gated([scene], judge, 0.95)).answers["a"][1].said == (None,)


def test_equal_seeds_throw_the_same_coins() -> None:
    scene = Scene(a_trace("a", TEXTS * 5))
    assert thrown([scene], 1).answers == thrown([scene], 1).answers
    assert thrown([scene], 1).answers != thrown([scene], 2).answers
