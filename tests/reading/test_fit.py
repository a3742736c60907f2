"""A reader that asks a model, fitted to labels of the user's own."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest
from tests.chat_server import Ask, serving

from tactful.data.corpora.types import FollowUpRow, RequestRow
from tactful.errors import DataError, UserError
from tactful.reading import REACTIONS, Exchange, Request
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.calibrating import calibrate_asked
from tactful.reading.fit import Read, fit_heads, load_fit
from tactful.reading.labelled import Labelled
from tactful.reading.opening import open_reader
from tactful.reading.setup import ReaderSetup

rng = random.Random(0)


def request(at: int, label: str, text: str) -> RequestRow:
    return RequestRow(id=str(at), group=str(at), writer="w", lang="en", domain="x", text=text, label=label)


def sure_of_everything(ask: Ask) -> dict[str, object]:
    """Would ask about every second text with 98 percent, and is right in three of four."""
    sure = "number odd" in ask.prompt
    return {"missing": [], "default_in_place": "", "default_would_do": not sure,
            "verdict": "ask" if sure else "answer", "chance_of_ask": 98 if sure else 2}  # fmt: skip


ROWS = Labelled(
    tuple(
        request(
            at,
            "open" if (at % 2 == 1) == (at % 8 < 6) else "complete",
            f"number {'odd' if at % 2 else 'even'} {at}",
        )
        for at in range(80)
    )
)
"""Of the 40 odd ones 30 are open, of the 40 even ones 10."""


@pytest.mark.slow
def test_an_overconfident_model_is_held_to_what_it_is_worth(tmp_path: Path) -> None:
    with serving(script=sure_of_everything) as server:
        setup = ReaderSetup(base_url=server.base_url, samples=3)
        raw = ReaderByCalls("m", setup)
        fitted_on = asyncio.run(calibrate_asked(raw, ROWS, tmp_path / "reader"))
        calibrated = open_reader(str(tmp_path / "reader"))
        texts = [Request(text="number odd 1"), Request(text="number even 2")]
        before = [one.need for one in raw.needs_now(texts)]
        after = [one.need for one in calibrated.needs_now(texts)]
    assert fitted_on == {"need": 80}
    assert before[0] > 0.85
    assert before[1] < 0.15
    assert after == pytest.approx([0.75, 0.25], abs=0.05)
    assert calibrated.name.startswith("m calibrated ")


def test_the_file_names_the_model_and_keeps_no_key(tmp_path: Path) -> None:
    with serving(script=sure_of_everything) as server:
        reader = ReaderByCalls("m", ReaderSetup(base_url=server.base_url, samples=1))
        asyncio.run(calibrate_asked(reader, ROWS, tmp_path / "reader"))
    fit = load_fit(tmp_path / "reader")
    assert (fit.reader, fit.samples, fit.base_url) == ("m", 1, server.base_url)
    assert (tmp_path / "reader" / "reader.json").stat().st_size < 4000


def test_a_changed_file_and_one_for_other_prompts_are_refused(tmp_path: Path) -> None:
    with serving(script=sure_of_everything) as server:
        reader = ReaderByCalls("m", ReaderSetup(base_url=server.base_url, samples=1))
        asyncio.run(calibrate_asked(reader, ROWS, tmp_path / "reader"))
        fit = load_fit(tmp_path / "reader")
        with pytest.raises(DataError, match="fitted for other prompts"):
            fit.check({"reading/need": "other"}, tmp_path)
        path = tmp_path / "reader" / "reader.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"samples": 2}))
        with pytest.raises(DataError, match="changed or damaged"):
            open_reader(str(tmp_path / "reader"))


def test_too_few_labels_are_refused_with_the_counts(tmp_path: Path) -> None:
    few = Labelled(ROWS.requests[:20])
    with serving(script=sure_of_everything) as server:
        reader = ReaderByCalls("m", ReaderSetup(base_url=server.base_url, samples=1))
        with pytest.raises(UserError, match=r"found need 20"):
            asyncio.run(calibrate_asked(reader, few, tmp_path / "reader"))
        assert not server.asks
    assert not (tmp_path / "reader").exists()


def test_a_file_in_the_place_of_the_new_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("{}")
    with pytest.raises(UserError, match=r"mine\.jsonl: exists already; give --out a new folder"):
        asyncio.run(calibrate_asked(ReaderByCalls("m"), ROWS, tmp_path / "mine.jsonl"))


def test_only_judgements_with_enough_labels_are_paid_for_and_what_counts_for_nothing_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    few = [
        FollowUpRow(
            id=str(at), group=str(at), writer="w", lang="en", domain="x", q_t="q", a_t="a", user_next="no",
            label7=REACTIONS[at % 2],
        )
        for at in range(49)
    ]  # fmt: skip
    blank = tuple(request(at, "open", " ") for at in range(100, 130))
    with serving(script=sure_of_everything) as server:
        reader = ReaderByCalls("m", ReaderSetup(base_url=server.base_url, samples=1))
        rows = Labelled((*ROWS.requests[:50], *blank), tuple(few))
        assert asyncio.run(calibrate_asked(reader, rows, tmp_path / "reader")) == {"need": 50}
        assert len(server.asks) == 50
    assert "need: 30 of 80 labelled texts are not known to the reader" in caplog.text
    assert "reaction: stays as it is: of its 49 labelled texts fewer than 50 are known" in caplog.text


def test_reactions_are_fitted_by_temperature(tmp_path: Path) -> None:
    rows = Labelled(
        followups=tuple(
            FollowUpRow(
                id=str(at), group=str(at), writer="w", lang="en", domain="x", q_t="q", a_t="a",
                user_next=f"said {at}", label7=REACTIONS[3] if at % 2 else REACTIONS[1],
            )
            for at in range(60)
        )
    )  # fmt: skip
    with serving(script={".": {"why": "w", "says": "corrects", "chance": 99}}) as server:
        reader = ReaderByCalls("m", ReaderSetup(base_url=server.base_url, samples=1))
        assert asyncio.run(calibrate_asked(reader, rows, tmp_path / "r")) == {"reaction": 60}
        exchange = [Exchange(query="q", answer="a", next="said 1")]
        before = reader.reactions_now(exchange)[0].probabilities["neg_correction"]
        after = open_reader(str(tmp_path / "r")).reactions_now(exchange)[0].probabilities
    assert after["neg_correction"] < before
    assert sum(after.values()) == pytest.approx(1)


def test_steps_are_taken_where_they_fit_better_than_a_temperature() -> None:
    # two plateaus of the same truth on one side: p .1 and .4 are open in one of ten, .9 in nine of ten
    chances, labels = [], []
    for stated, share in ((0.1, 0.1), (0.4, 0.1), (0.6, 0.9), (0.9, 0.9)):
        for at in range(100):
            chances.append([1 - stated, stated])
            labels.append(int(at < 100 * share))
    fit = fit_heads({"need": Read(chances, labels, ["a text"] * 400, [*map(str, range(400))])})["need"]
    assert fit.steps
    assert fit.calibrated([0.6, 0.4], "a text")[1] == pytest.approx(0.1, abs=0.02)
    assert fit.calibrated([0.01, 0.99], "a text")[1] == pytest.approx(0.9, abs=0.02)


def test_steps_learnt_on_a_group_prove_nothing_on_its_other_texts() -> None:
    # what is stated tells nothing; the texts of one session are stated and labelled alike
    sessions = [(at, 0.3 + 0.04 * at, at % 3 == 1) for at in range(10)]
    rows = [([1 - p, p], int(label), "a text", str(at)) for at, p, label in sessions for _ in range(10)]
    chances, labels, texts, groups = zip(*rows, strict=True)
    parted = Read(chances, labels, texts, [*map(str, range(100))])
    assert fit_heads({"need": parted})["need"].steps
    assert not fit_heads({"need": parted._replace(groups=groups)})["need"].steps
    assert not fit_heads({"need": parted._replace(groups=["one"] * 100)})["need"].steps


def test_nothing_to_read_opens_no_model() -> None:
    reader = ReaderByCalls("m", ReaderSetup(api_key_env="NO_SUCH_KEY"))
    assert (reader.needs_now([]), reader.reactions_now([]), reader.offers_now([])) == ([], [], [])


def test_a_calibrated_model_is_asked_at_the_temperature_that_it_was_calibrated_at(tmp_path: Path) -> None:
    with serving(script=sure_of_everything) as server:
        setup = ReaderSetup(base_url=server.base_url, samples=2, temperature=0.7)
        asyncio.run(calibrate_asked(ReaderByCalls("m", setup), ROWS, tmp_path / "reader"))
        asked = len(server.asks)
        place = str(tmp_path / "reader")
        ReaderByCalls(place).needs_now([Request(text="as it was")])
        ReaderByCalls(place, ReaderSetup(temperature=0.2)).needs_now([Request(text="as I say")])
        sent = {
            said: {ask.body.get("temperature") for ask in server.asks[asked:] if said in ask.prompt}
            for said in ("as it was", "as I say")
        }
    assert load_fit(tmp_path / "reader").temperature == 0.7
    assert sent == {"as it was": {0.7}, "as I say": {0.2}}
