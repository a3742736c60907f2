from __future__ import annotations

from pathlib import Path

from tests.chat_server import Ask, serving
from tests.evaluation.utterance_fixtures import item

from tactful.evaluation.utterance.judge import JudgeConfig, judge_job, judge_scores, judge_tasks
from tactful.llm import ModelSpec
from tactful.runs import RunOptions, run_job

CONFIG = JudgeConfig(source="test", k=2, seed=0)


def scores(*values: float) -> dict[str, object]:
    return {
        "scores": [{"number": n, "reason": "r", "score": value} for n, value in enumerate(values, start=1)]
    }


def judged(folder: Path, items, said, script, **options):
    with serving(script=script, **options) as server:
        spec = ModelSpec(name="judge", base_url=server.base_url, timeout_s=20.0)
        summary = run_job(
            judge_job(CONFIG, judge_tasks(items, said), spec), RunOptions(out=folder, progress="off")
        )
        return summary, judge_scores(summary.folder), server


def test_every_system_is_judged_by_the_same_prompt(tmp_path: Path) -> None:
    items = [item("a", "book it", ("book it", "thanks"))]
    said = {"model": [("book it", "thanks")], "repeat": [("A hotel?", "A hotel?")], "empty": [("", "")]}
    summary, found, server = judged(tmp_path / "run", items, said, {".": scores(0.9, 0.1)})
    assert found == {("model", "a#1"): (0.9, 0.1), ("repeat", "a#1"): (0.9, 0.1)}
    assert (summary.read, summary.done) == (2, 2)
    prompts = [str(ask.messages) if hasattr(ask, "messages") else str(ask) for ask in server.asks]
    assert len({text.replace("A hotel?", "book it") for text in prompts}) <= len(prompts)
    assert all("Which area?" in text for text in prompts)


def test_an_unreadable_judgement_is_unscored_and_never_a_low_score(tmp_path: Path) -> None:
    items = [item("a", "book it", ("x", "y")), item("b", "thanks", ("thanks", "y"))]
    said = {"model": [one.predictions for one in items]}

    def script(ask: Ask) -> object:
        return scores(1.0) if "book it" in str(ask) else scores(1.0, 0.0)  # one score for two predictions

    summary, found, _ = judged(tmp_path / "run", items, said, script)
    assert found == {("model", "b#1"): (1.0, 0.0)}
    assert (summary.done, summary.unscored, summary.failed) == (2, 1, 0)


def test_faults_lose_no_task(tmp_path: Path) -> None:
    items = [item(f"d{n}", f"gold {n}", ("x", "y")) for n in range(30)]
    said = {"model": [one.predictions for one in items]}
    faults = {"503": 0.1, "html": 0.05, "wrong_schema": 0.05}
    summary, found, _ = judged(tmp_path / "run", items, said, {".": scores(0.5, 0.5)}, faults=faults, seed=3)
    assert summary.read == 30 == summary.done + summary.failed
    assert len(found) == summary.done - summary.unscored
