"""Seeds: theirs as they are, ours shipped, bad ones named."""

import os
from collections import Counter
from pathlib import Path

import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.preprocessing import normalize

from tactful.api.data.check import check
from tactful.errors import DataError
from tactful.gym.scenes.reading import BUNDLED, read_scenes
from tactful.gym.scenes.seeds import Seeds, read_seeds
from tactful.gym.types import SETTINGS
from tactful.text.similarity import CJK_GRAMS, WORD_GRAMS, gram_sizes, ngram_counts, similarity

THEIRS = Path(os.environ.get("TACTFUL_TEST_DATA", "../shared/data")) / "proactivebench" / "seed_tasks.yaml"
needs_data = pytest.mark.skipif(not THEIRS.exists(), reason="ProactiveBench's files are not here")


def test_the_bundled_seeds_have_twelve_tasks_a_setting_a_quarter_of_them_chinese_each_with_events():
    seeds = read_seeds()
    for setting in SETTINGS:
        langs = Counter(seed.lang for seed in seeds if seed.setting == setting)
        assert langs == {"en": 9, "zh": 3}
    assert all(len(seed.sample_events) >= 3 for seed in seeds)
    assert len({seed.id for seed in seeds}) == len(seeds)


def test_the_bundled_scenes_are_four_a_setting_a_quarter_chinese_and_whole():
    scenes = read_scenes(BUNDLED)
    for setting in SETTINGS:
        assert Counter(s.lang for s in scenes if s.setting == setting) == {"en": 3, "zh": 1}
    for scene in scenes:
        assert all(entity.state and entity.operations for entity in scene.entities)
        assert len(scene.entities) >= 5
        assert len(scene.operations) >= 5
        assert len(scene.example_events) >= 8


@pytest.mark.slow
@needs_data
def test_nothing_of_ours_is_copied_from_theirs():
    theirs = [text for seed in read_seeds(THEIRS) for text in (seed.task, *seed.setting_events)]
    ours = [text for seed in read_seeds() for text in (seed.task, *seed.sample_events)]
    ours += [text for scene in read_scenes(BUNDLED) for text in (scene.user.goal, *scene.example_events)]
    for sizes, texts in (
        (WORD_GRAMS, [text for text in ours if gram_sizes(text) == WORD_GRAMS]),
        (CJK_GRAMS, [text for text in ours if gram_sizes(text) == CJK_GRAMS]),
    ):
        counted = DictVectorizer().fit_transform([ngram_counts(text, sizes) for text in [*texts, *theirs]])
        rows = normalize(counted)
        likeness = rows[: len(texts)] @ rows[len(texts) :].T  # `similarity` of every pair at once
        at, other = divmod(int(likeness.argmax()), len(theirs))
        assert likeness[at, other] == pytest.approx(similarity(texts[at], theirs[other]))
        assert likeness.max() < 0.75


@needs_data
def test_the_seed_tasks_of_proactivebench_are_read():
    seeds = read_seeds(THEIRS)
    assert Counter(seed.setting for seed in seeds) == {"coding": 23, "writing": 22, "daily": 23}
    assert {len(seed.setting_events) for seed in seeds} == {65, 78, 25}


def test_a_file_of_ones_own_may_mix_both_forms(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "codingassistant:\n  tasks: [Write a parser.]\n  sample_events: [opens a file]\n"
        "daily:\n  tasks:\n  - {task: Book a table., lang: zh, sample_events: [opens a map, calls]}\n  - 订一张桌子\n"
    )
    told = [
        (one.setting, one.task, one.lang, one.sample_events, one.setting_events) for one in read_seeds(path)
    ]
    assert told == [
        ("coding", "Write a parser.", "en", (), ("opens a file",)),
        ("daily", "Book a table.", "zh", ("opens a map", "calls"), ()),
        ("daily", "订一张桌子", "zh", (), ()),
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            "sports:\n  tasks: [run]\n",
            r"seeds\.yaml:1: has the unknown setting 'sports', expected some of coding",
        ),
        ("daily: [a]\n", r"'daily' is \['a'\], expected a mapping with 'tasks'"),
        ("daily:\n  tasks: []\n", r"'daily' has tasks \[\], expected a list with at least one"),
        ("daily:\n  tasks: [a]\n  moods: 1\n", "'daily' has the unknown key 'moods'"),
        ("daily:\n  tasks: [3]\n", "'daily' task 1 is 3, expected text"),
        ("daily:\n  tasks: [a, {task: b, mood: 1}]\n", "'daily' task 2 has the unknown key 'mood'"),
        ("daily:\n  tasks: [{task: ''}]\n", "'daily' task 1 has task ''"),
        ("daily:\n  tasks: [a]\n  sample_events: [{x: 1}]\n", "'daily' task 1 has setting_events"),
        ("daily:\n  tasks: [a, a]\n", "has the id 'daily-"),
        ("- a\n", "holds a list, expected a mapping of settings to tasks"),
        ("", "holds no seed"),
    ],
)
def test_a_bad_seed_is_named_with_file_key_and_value(tmp_path, document, said):
    (tmp_path / "seeds.yaml").write_text(document)
    with pytest.raises(DataError, match=said):
        read_seeds(tmp_path / "seeds.yaml")


def test_bad_tasks_can_be_left_out_and_are_counted(tmp_path):
    path = tmp_path / "seeds.yaml"
    path.write_text("writing:\n  tasks: [3, Write a poem about rain., {}]\n")
    rows = Seeds(path, skip_bad=True)
    assert [seed.setting for seed in rows] == ["writing"]
    assert rows.bad == 2
    report = check(path)
    assert (report.type, report.good, report.bad) == ("seeds", 1, 2)
    assert "'writing' task 1 is 3" in report.problems[0]
