import subprocess
import sys
import threading

import numpy as np
import pytest

from tactful.errors import MissingExtra
from tactful.reward import likeness as rooms
from tactful.reward.lexicon import MAX_CHARS
from tactful.reward.likeness import EncoderLikeness, NgramLikeness, open_likeness

SEARCH = "The user searches for night trains to Lisbon"


def alike(one, other):
    return float(NgramLikeness().cosines(one, [other])[0])


def test_a_text_is_wholly_alike_to_itself_whatever_its_case_and_punctuation():
    assert alike(SEARCH, SEARCH.upper() + "!") == pytest.approx(1.0, abs=1e-6)


def test_texts_without_a_shared_run_of_letters_are_not_alike():
    assert alike("night trains", "bookkeeping form") == 0.0


def test_likeness_goes_both_ways_alike():
    assert alike(SEARCH, "book a train to Lisbon") == pytest.approx(alike("book a train to Lisbon", SEARCH))


def test_expected_value_of_a_small_pair():
    # " cat " has the grams " ca", "cat", "at ", " cat", "cat ", " cat ": 6; " cats " has " ca", "cat", "ats", "ts ",
    # " cat", "cats", "ats ", " cats", "cats ": 9. Shared: " ca", "cat", " cat": 3 of them, each once.
    assert alike("cat", "cats") == pytest.approx(3 / np.sqrt(6 * 9), abs=1e-6)


def test_chinese_is_compared_by_single_characters_and_pairs_too():
    assert alike("远程软件", "软件评测") > 0.15
    assert alike("远", "远程") > 0.2


def test_words_that_every_text_has_make_nothing_alike():
    assert (
        alike("Help the user with the relevant information", "The user has information, and that is it")
        == 0.0
    )


@pytest.mark.parametrize("text", ["", "?!", "the user and you"])
def test_a_text_with_nothing_to_compare_is_alike_to_nothing(text):
    assert alike(text, SEARCH) == 0.0
    assert alike(SEARCH, text) == 0.0
    assert alike(text, text) == 0.0


def test_what_else_is_compared_changes_no_likeness():
    kept = NgramLikeness()
    kept.learn([SEARCH, "a long story about trains", "Lisbon"])
    kept.cosines("Lisbon and back", ["trains of the night", SEARCH])
    assert (
        kept.cosines("trains to Porto", [SEARCH])[0]
        == NgramLikeness().cosines("trains to Porto", [SEARCH])[0]
    )


def test_only_the_beginning_of_a_giant_text_is_read():
    beginning = ("night trains to Lisbon " * 40)[:MAX_CHARS]
    assert alike(beginning + "zzz " * 100_000, SEARCH) == alike(beginning, SEARCH)


def test_nothing_to_compare_with_gives_no_rows():
    assert NgramLikeness().cosines(SEARCH, []).shape == (0,)


@pytest.mark.slow
def test_likeness_is_the_same_in_every_process():
    code = (
        "from tactful.reward.likeness import open_likeness;"
        f"print(float(open_likeness('ngrams').cosines({SEARCH!r}, ['trains to Porto'])[0]))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{alike(SEARCH, 'trains to Porto')}\n"}


def test_threads_that_share_one_likeness_do_not_disturb_each_other():
    shared, wrong = NgramLikeness(), []
    texts = [f"{word} number {number}" for number, word in enumerate(("train", "boat", "plane", "bus"))]
    expected = {text: NgramLikeness().cosines(text, texts) for text in texts}

    def compare(text):
        for _ in range(200):
            if not np.array_equal(shared.cosines(text, texts), expected[text]):
                wrong.append(text)

    threads = [threading.Thread(target=compare, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class CountingEncoder:
    """Two dimensions: letters before n and the rest. Keeps what it was asked to encode."""

    name = "counting"
    dimensions = 2

    def __init__(self):
        self.batches = []

    def encode(self, texts):
        self.batches.append(list(texts))
        rows = np.array(
            [[sum("a" <= c < "n" for c in t), sum("n" <= c <= "z" for c in t)] for t in texts], float
        )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def unknown_share(self, texts):
        return 0.0


def test_an_encoder_is_asked_once_for_each_text():
    encoder = CountingEncoder()
    likeness = EncoderLikeness(encoder)
    likeness.learn(["ab", "yz", "ab"])
    assert likeness.cosines("ab", ["yz", "ab"]).tolist() == pytest.approx([0.0, 1.0])
    assert likeness.cosines("ab", ["az"])[0] == pytest.approx(np.sqrt(0.5))
    assert encoder.batches == [["ab", "yz"], ["az"]]


def test_an_encoder_forgets_the_oldest_texts_and_stays_right(monkeypatch):
    monkeypatch.setattr(rooms, "_REMEMBERED", 2)
    encoder = CountingEncoder()
    likeness = EncoderLikeness(encoder)
    assert likeness.cosines("ab", ["yz", "cd", "xy"]).tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert likeness.cosines("ab", ["cd"]).tolist() == pytest.approx([1.0])
    assert encoder.batches == [["ab", "yz", "cd", "xy"], ["ab"]]


def test_ngrams_are_opened_by_name():
    assert open_likeness("ngrams").name == "ngrams"


def test_an_encoder_without_the_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match="encoder"):
        open_likeness("sentence-transformers/all-MiniLM-L6-v2")
