"""One page of every kind that a command writes, from made-up results with names as long as people choose them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.evaluation.acceptance_fixtures import Rule, said
from tests.evaluation.gating_fixtures import calibrated
from tests.evaluation.suggestions.test_measure import made_up
from tests.evaluation.utterance.test_measure import evaluated
from tests.evaluation.utterance_fixtures import item
from tests.evaluation.worlds import evaluation
from tests.feedback.report.test_page import some
from tests.gym.card.simulators import Simulator
from tests.gym.made import day, episode, step
from tests.reward.synthetic import make_items

from tactful.audit.page import render_page
from tactful.audit.pipeline import audit
from tactful.audit.results import Agreement, Difference, Slice, UserTaste
from tactful.data.logs import read_conversations
from tactful.evaluation.feedback import report as feedback
from tactful.evaluation.feedback.measure import evaluate_feedback, transfer_between_sources
from tactful.evaluation.feedback.probes import load_probes
from tactful.evaluation.gates import report as gates
from tactful.evaluation.gates.setup import Asked, JudgedMoments, set_gate
from tactful.evaluation.judges import report as judges
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.probes import probe_baselines, probe_judge
from tactful.evaluation.policies.report import render_report as policies_page
from tactful.evaluation.suggestions import report as suggestions
from tactful.evaluation.suggestions.measure import measure_suggestions
from tactful.evaluation.utterance.measure import Settings
from tactful.evaluation.utterance.report import render_utterance_report
from tactful.feedback.embedded import open_embedded
from tactful.feedback.report.page import overview, render_report
from tactful.gym.card.page import render_page as card_page
from tactful.gym.card.pipeline import card_of
from tactful.gym.card.types import Ranked, Ranking
from tactful.gym.stats.page import render_page as stats_page
from tactful.gym.stats.recordings import of_episodes
from tactful.gym.stats.tally import count
from tactful.live.serve.pages import render_docs
from tactful.reading.opening import open_embedded_reader
from tactful.reward.gate.rule import Costs, GateConfig

REHEARSAL = Path(__file__).parents[1] / "audit" / "rehearsal.jsonl"
LONG = "org/a-model-whose-name-somebody-made-very-long-and-without-any-space-instruct-2026-11-28-q4_K_M.gguf"


def _feedback_evaluation() -> str:
    turns = [probe.turn() for probe in load_probes()]
    judge = open_embedded("lexicon")
    found = evaluate_feedback(
        turns,
        judge.judge_now(turns),
        judge=LONG,
        transfers=transfer_between_sources(turns),
        left_out={LONG: 3},
        notes=(f"a note about {LONG}",),
    )
    return feedback.render_page(found)


def _feedback_report() -> str:
    text = f"See https://example.org/{LONG * 3} please. " * 4
    return render_report(
        overview(some(user_next=text), fields=("model",)), title=f"Feedback of {LONG}", failed=3
    )


def _gate() -> str:
    items, probabilities = calibrated(40, 30)
    case = JudgedMoments(judge=LONG, items=items, said=probabilities, regime="made up", held_out=True)
    config = GateConfig(costs=Costs(false_alarm=2, miss=1))
    return gates.render_page(set_gate(case, config, Asked(0.2, 0.1), data=f"{LONG}.jsonl"))


def _judge() -> str:
    items = make_items(4, 4)
    moments = [one.moment for one in items]

    async def probes():
        return [*await probe_judge(moments, Rule(lambda _: 0.6)), *await probe_baselines(moments, items)]

    bench = judges.JudgeBench(
        data=f"{LONG}.jsonl",
        data_hash="0" * 32,
        bad_rows=1,
        seen=True,
        warnings=(f"{LONG} is not out of session",),
        measured=measure(items, said(items, [0.6] * len(items)), judge=LONG, resamples=50),
        probes=tuple(asyncio.run(probes())),
        version="0",
    )
    return judges.render_page(bench)


def _policies() -> str:
    found = evaluation()
    return policies_page([found, evaluation(domain="planning", notes=(f"a note about {LONG}",))])


def _suggestions() -> str:
    return suggestions.render_page(measure_suggestions(made_up(), data=f"{LONG}.jsonl", resamples=200))


def _utterance() -> str:
    items = [
        item("a", "book it", ("book it", LONG)),
        item("b", LONG * 3, ("thanks",), source="other", lang="zh", said=(LONG, "yes")),
        item("c", "thanks", ()),
    ]
    return render_utterance_report([evaluated(items, Settings(resamples=50))])


def _audit() -> str:
    found = audit(read_conversations(REHEARSAL), open_embedded_reader("surface"))
    week = Slice(value="2026-11-23", conversations=9, turns=9, shares=found.breakdowns[0].rows[0].shares)
    taste = UserTaste(user=LONG, questions=9, welcome=1, verdict="minds them")
    difference = Difference(
        conversation=LONG,
        turn=1,
        request=LONG * 3,
        answer=LONG * 3,
        reply=LONG,
        reader="needed",
        model="needless",
    )
    agreement = Agreement(
        what=f"ratings in {LONG}",
        fault="needless question",
        both=1,
        only_audit=1,
        only_other=1,
        neither=1,
        precision=found.figures["ask_f1"],
        recall=found.figures["ask_f1"],
        alpha=0.5,
    )
    more = {
        "weeks": (week, week),
        "tastes": (taste,),
        "differences": (difference,),
        "agreements": (agreement,),
    }
    return render_page(found.model_copy(update=more))


def _card() -> str:
    simulator = Simulator()
    people = simulator.people()
    played = simulator.episodes(scenes=10, passes=2)
    check = card_of(played, source=LONG).check("too cooperative")
    known = check.figure
    row = Ranked(assistant=f"gate:{LONG}", utility=known, offers=9, accepted=known)
    rankings = [Ranking(users=users, rows=(row,)) for users in ("default", LONG)]
    return card_page(card_of(played, people, source=LONG, against=LONG, ranked=(check, rankings)))


def _stats() -> str:
    days = [
        day(f"{setting} {LONG} {at}", setting=setting, assistant=f"gate:{LONG}" if at % 2 else "always")
        for setting in ("coding", "writing", "daily")
        for at in range(9)
    ]
    untimed = step(0, 0, offer="Help?", timing=None)
    bare = [event.model_copy(update={"at": None}) for event in untimed.events]
    last = episode(LONG, untimed.model_copy(update={"events": tuple(bare)}))
    return stats_page(count(of_episodes([*days, last]), sources=(f"runs/{LONG}", LONG), pictures=7))


PAGES: dict[str, Callable[[], str]] = {
    "acceptance.html.j2": _judge,
    "asked.html.j2": render_docs,
    "audit.html.j2": _audit,
    "card.html.j2": _card,
    "feedback.html.j2": _feedback_evaluation,
    "gating.html.j2": _gate,
    "report.html.j2 of policies": _policies,
    "report.html.j2 of feedback": _feedback_report,
    "stats.html.j2": _stats,
    "suggestions.html.j2": _suggestions,
    "utterance.html.j2": _utterance,
}
"""Template → a page made with it."""
