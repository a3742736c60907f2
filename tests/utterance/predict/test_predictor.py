from __future__ import annotations

from pathlib import Path

from tests.chat_server import ChatServer, serving
from tests.llm.asking import opened

from tactful.llm import ModelSpec
from tactful.runs import RunOptions, retry_run, run_job
from tactful.utterance.dialogues import Examples, parse_targets
from tactful.utterance.predict.predictor import (
    SCRIPTS,
    PredictConfig,
    Prediction,
    forecast,
    predict,
    predict_job,
    predict_prompt,
)
from tactful.utterance.types import Category, Example

OFFLINE = ModelSpec(name="offline", scripts=(SCRIPTS,))
LINES = """\
{"id": "d1", "conversation": [{"role": "user", "content": "A hotel in the north?"}, {"role": "assistant", "content": "Two are left."}, {"role": "user", "content": "SECRET which is cheaper?"}, {"role": "assistant", "content": "The first."}, {"role": "user", "content": "SECRET book it"}]}
{"id": "d2", "conversation": [{"role": "user", "content": "Only this."}]}
{"id": "d3", "conversation": [{"role": "user", "content": "附近有什么景点？"}, {"role": "assistant", "content": "有长城。"}, {"role": "user", "content": "SECRET 门票多少钱？"}]}
"""


def dialogues(folder: Path) -> Path:
    path = folder / "chats.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


def examples(folder: Path, targets: str = "sample:1") -> Examples:
    return Examples(dialogues(folder), parse_targets(targets))


def first(folder: Path) -> Example:
    example = next(iter(examples(folder, "all")))
    assert isinstance(example, Example)
    return example


def test_the_prompt_shows_the_context_and_nothing_of_what_came_next(tmp_path: Path) -> None:
    example = first(tmp_path)
    text = "\n".join(message.content for message in predict_prompt(example.context, example.lang).messages)
    assert "User: A hotel in the north?\nAssistant: Two are left.\nend conversation" in text
    assert "SECRET" not in text
    assert "in English" in text


async def test_a_reply_is_read_with_its_thoughts(tmp_path: Path) -> None:
    said = "<think>Category: Question</think>" + "".join(f"<predict>p{n}</predict>" for n in range(4))
    async with ChatServer(script={".": said}) as server, opened(server) as model:
        prediction = await predict(first(tmp_path), model)
    assert prediction.predictions == ("p0", "p1", "p2", "p3")
    assert prediction.category is Category.QUESTION
    assert prediction.problems == ("no intent tree can be read",)
    assert prediction.thoughts.startswith("<think>")
    assert prediction.provenance.generator == "endpoint"


async def test_a_reply_without_predictions_is_asked_for_again_with_the_reason(tmp_path: Path) -> None:
    said = ["I cannot tell.", "<predict>a</predict>"]
    async with ChatServer(script=lambda ask: said.pop(0)) as server, opened(server) as model:
        prediction = await predict(first(tmp_path), model)
        again = server.asks[1].messages
    assert prediction.predictions == ("a",)
    assert prediction.reply == "<predict>a</predict>"
    assert again[-2] == {"role": "assistant", "content": "I cannot tell."}
    assert "no <predict> holds a text" in again[-1]["content"]


async def test_replies_that_never_hold_a_prediction_are_kept_and_said_to_be_unusable(tmp_path: Path) -> None:
    async with ChatServer(script={".": "I cannot tell."}) as server, opened(server) as model:
        prediction = await predict(first(tmp_path), model)
        assert server.jobs == 3
    assert not prediction.usable
    assert prediction.unscored
    assert prediction.reply == "I cannot tell."
    assert prediction.problems == ("no <predict> holds a text",)


def test_messages_without_predictions_are_asked_for_anew_by_a_retry(tmp_path: Path) -> None:
    with serving(script={".": "I cannot tell."}) as server:
        spec = ModelSpec(name="m", base_url=server.base_url, timeout_s=20.0)
        job = predict_job(PredictConfig(assistant=spec), examples(tmp_path))
        summary = run_job(job, RunOptions(out=tmp_path / "run", progress="off"))
        assert (summary.done, summary.failed, server.jobs) == (2, 0, 6)
        server.script = {".": "<predict>a</predict>"}
        again = retry_run(summary.folder, job, unscored=True, options=RunOptions(progress="off"))
        assert (again.done, again.failed, server.jobs) == (2, 0, 8)
        assert all(one.usable for one in again.folder.records(Prediction))


def test_a_run_accounts_for_every_dialogue(tmp_path: Path) -> None:
    job = predict_job(PredictConfig(assistant=OFFLINE), examples(tmp_path))
    summary = run_job(job, RunOptions(out=tmp_path / "run", progress="off"))
    assert (summary.read, summary.done, summary.skipped, summary.failed) == (3, 2, 1, 0)
    found = list(summary.folder.records(Prediction))
    assert [item.dialogue_id for item in found] == ["d1", "d3"]
    assert [item.lang for item in found] == ["en", "zh"]
    assert all(item.provenance.generator == "offline" for item in found)


def test_the_offline_model_knows_nothing_of_the_hindsight(tmp_path: Path) -> None:
    job = predict_job(PredictConfig(assistant=OFFLINE), examples(tmp_path))
    summary = run_job(job, RunOptions(out=tmp_path / "run", progress="off"))
    for item in summary.folder.records(Prediction):
        if item.turn == 1:
            assert "SECRET" not in item.reply + item.thoughts


def test_faults_end_as_results_or_failures(tmp_path: Path) -> None:
    said = "<predict>a</predict>"
    with serving(script={".": said}, faults={"503": 0.2, "html": 0.1}, seed=1) as server:
        spec = ModelSpec(name="m", base_url=server.base_url, timeout_s=20.0)
        job = predict_job(PredictConfig(targets="all", assistant=spec), examples(tmp_path, "all"))
        summary = run_job(job, RunOptions(out=tmp_path / "run", progress="off"))
    assert summary.read == summary.done + summary.skipped + summary.failed == 4


def test_a_forecast_counts_examples_and_sends_nothing(tmp_path: Path) -> None:
    expected = forecast(examples(tmp_path, "all"), PredictConfig(assistant=ModelSpec(name="gpt-5-nano")))
    assert expected.examples == 3
    assert expected.prompt_tokens > 900
    assert expected.cost_usd is not None


async def test_a_long_context_is_shortened_to_what_was_asked_for(tmp_path: Path) -> None:
    example = first(tmp_path)
    long = example.model_copy(
        update={
            "context": tuple(one.model_copy(update={"content": one.content * 200}) for one in example.context)
        }
    )
    async with ChatServer(script=lambda ask: "<predict>a</predict>") as server, opened(server) as model:
        await predict(long, model, max_chars=600)
    sent = sum(len(message["content"]) for message in server.asks[0].messages)
    whole = sum(len(message.content) for message in predict_prompt(long.context, "en").messages)
    short = sum(
        len(message.content) for message in predict_prompt(long.context, "en", max_chars=600).messages
    )
    assert sent == short < whole
