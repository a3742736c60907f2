"""One self-contained page: no script, no outside resource, nothing hidden."""

import os
import re
from html.parser import HTMLParser

import pytest
from tests.evaluation.worlds import ALWAYS_QUIET, OFFLINE, evaluation

from tactful.errors import DataError, UserError
from tactful.evaluation.policies.report import FILE_NAME, read_evaluation, render_report, write_report
from tactful.types import Message

NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
REAL = OFFLINE.model_copy(update={"generator": "endpoint", "model": "gpt"})


class Page(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        if data.strip():
            self.words.append(" ".join(data.split()))


@pytest.mark.slow
def test_the_page_stands_alone():
    text = render_report([evaluation()])
    page = Page(text)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert set(re.findall(r"https?://[^\"'\s<)]+", text)) <= NAMESPACES
    for name, value in page.attributes:
        assert not name.startswith("on"), name
        if name in ("href", "xlink:href", "src"):
            assert value.startswith("#"), value
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"


@pytest.mark.slow
def test_messages_names_and_notes_of_others_are_shown_and_never_run():
    found = evaluation()
    sample = found.samples[0].model_copy(
        update={
            "messages": (Message(role="user", content=PAYLOAD), Message(role="assistant", content=PAYLOAD)),
            "persona": PAYLOAD,
            "state_id": PAYLOAD,
            "title": PAYLOAD,
        }
    )
    comparisons = tuple(item.model_copy(update={"baseline": PAYLOAD}) for item in found.comparisons)
    policies = tuple(item.model_copy(update={"name": PAYLOAD + item.name}) for item in found.policies)
    text = render_report(
        [
            found.model_copy(
                update={
                    "samples": (sample,), "personas": (PAYLOAD,), "notes": (PAYLOAD,), "domain": PAYLOAD,
                    "comparisons": comparisons, "policies": policies, "unseen_personas": (),
                    "provenance": OFFLINE.model_copy(update={"model": PAYLOAD, "prompt_hashes": {PAYLOAD: PAYLOAD}}),
                }
            )
        ]
    )  # fmt: skip
    page = Page(text)
    assert not page.tags & {"script", "img"}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert PAYLOAD in " ".join(page.words)


@pytest.mark.slow
def test_a_rehearsal_says_so_first_and_a_model_does_not():
    words = Page(render_report([evaluation()])).words
    start = next(i for i, word in enumerate(words) if word.startswith(":root")) + 1
    assert words[start].startswith("A rehearsal, not a language model, spoke here.")
    assert "rehearsal" not in render_report([evaluation(provenance=REAL)])


@pytest.mark.slow
def test_beside_a_real_evaluation_the_rehearsed_one_is_named():
    text = render_report([evaluation(), evaluation(provenance=REAL, domain="planning")])
    assert "spoke here (coding)." in text


@pytest.mark.slow
def test_two_evaluations_on_one_page_have_distinct_ids():
    ids = Page(render_report([evaluation(), evaluation(domain="planning")])).ids
    assert len(ids) == len(set(ids)) > 20


@pytest.mark.slow
def test_equal_evaluations_give_equal_bytes():
    assert render_report([evaluation()]) == render_report([evaluation()])


@pytest.mark.slow
def test_only_what_was_learned_here_is_called_held_out():
    learned = evaluation()
    note = "mine.json was trained on 5 of these 5 base tasks: its figures are not held out."
    given = learned.model_copy(
        update={
            "policies": tuple(p for p in learned.policies if p.kind == "baseline"),
            "notes": (note,),
            "base_tasks": 5,
            "states": 5,
        }
    )
    held_out = "learned here were always trained without the task they act on"
    assert held_out in " ".join(Page(render_report([learned])).words)
    words = " ".join(Page(render_report([given])).words)
    assert note in words
    assert held_out not in words
    assert "held-out" not in words
    assert "5 base tasks, 2 simulated users" in words
    assert "There are no intervals by base task: 5 are too few, 8 are needed." in words


@pytest.mark.slow
def test_headline_counts_and_limits_are_on_the_page():
    text = " ".join(Page(render_report([evaluation(ALWAYS_QUIET, unscored=7, failed=3)])).words)
    assert "The learned policy is NOT shown to beat always-LOW" in text
    assert "Unscored episodes: 7." in text
    assert "Trees that failed: 3." in text
    assert "conditional on these simulated users" in text
    assert "12 base tasks" in text


@pytest.mark.slow
def test_given_policies_alone_are_compared_on_the_page():
    found = evaluation()
    given = tuple(
        item.model_copy(update={"kind": "given", "name": "mine.json"}) if item.kind == "learned" else item
        for item in found.policies
    )
    mine = tuple(item.model_copy(update={"policy": "mine.json"}) for item in found.comparisons)
    text = render_report(
        [found.model_copy(update={"policies": given, "comparisons": mine, "coefficients": ()})]
    )
    assert "mine.json against each other policy" in text
    assert "always-MID</th>" in text.rsplit("against each other policy", 1)[1]
    text = render_report([found.model_copy(update={"policies": given[1:], "comparisons": ()})])
    assert "against each other policy" not in text


@pytest.mark.slow
def test_a_failed_write_leaves_the_old_report_whole(tmp_path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "report.html"
    write_report([evaluation()], path)
    old = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"report\.html: cannot be written \(No space left on device\)"):
        write_report([evaluation(ALWAYS_QUIET)], path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_reading_what_is_no_evaluation_says_what_to_make(tmp_path):
    with pytest.raises(
        DataError, match=r"evaluation\.json: cannot read the evaluation \(No such file.*calibrate evaluate"
    ):
        read_evaluation(tmp_path)
    for content, problem in [
        (b"{", "is no evaluation: the file"),
        (b'{"domain": 3}', "is no evaluation: domain"),
    ]:
        (tmp_path / FILE_NAME).write_bytes(content)
        with pytest.raises(DataError, match=problem):
            read_evaluation(tmp_path / FILE_NAME)


def test_a_run_folder_or_its_file_is_read(tmp_path):
    found = evaluation()
    (tmp_path / FILE_NAME).write_text(found.model_dump_json())
    assert read_evaluation(tmp_path) == read_evaluation(tmp_path / FILE_NAME) == found
