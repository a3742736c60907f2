"""The table of parameters, and people drawn from it."""

import json
import math
import re
import statistics

import pytest
from tests.gym.rules.scenes import data_folder

from tactful.errors import ConfigError
from tactful.gym.rules.parameters import TABLE, drawn_traits, load_parameters


def test_a_file_lies_over_the_bundled_table(tmp_path):
    given = tmp_path / "mine.toml"
    given.write_text("[acceptance]\nflow = 0.4\n[work.coding]\nacts = [2, 3]\n")
    ours, theirs = load_parameters(), load_parameters(given)
    assert theirs.acceptance.flow == 0.4
    assert theirs.work["coding"].acts == (2, 3)
    assert theirs.acceptance.boundary == ours.acceptance.boundary
    assert theirs.work["coding"].stuck == ours.work["coding"].stuck


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[acceptance]\nflow = 1.4\n", "acceptance.flow is 1.4"),
        ("[acceptance]\nflwo = 0.4\n", "acceptance.flwo is 0.4"),
        ("[work.coding]\nacts = [3, 2]\n", r"acts is \[3, 2\]"),
        ("[acceptance\n", "cannot be read"),
        ("[offline]\nrelevant = 0\noff_topic = 0\nredundant = 0\nuntimely = 0\n", "offline .* above 0"),
    ],
)
def test_a_bad_file_is_refused_with_key_and_value(tmp_path, text, says):
    given = tmp_path / "mine.toml"
    given.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        load_parameters(given)
    assert str(given) in str(error.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_parameters(tmp_path / "nowhere.toml")


def test_each_value_of_the_table_has_its_source_beside_it_or_above():
    """A section is marked as a whole in its heading, a value at its line, or the one above says `as marked`."""
    section_marked = False
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("["):
            section_marked = bool(re.search(r"#.*(ours|\[\d\])", line)) or (
                section_marked and "work." in line
            )
        elif "=" in line and not line.startswith("#"):
            assert section_marked or re.search(r"#.*(ours|\[\d\])", line), line


def test_people_are_drawn_by_the_seed_alone_and_differ():
    table = load_parameters().traits
    assert drawn_traits(table, 1, "a") == drawn_traits(table, 1, "a")
    drawn = [drawn_traits(table, 1, number) for number in range(200)]
    # mean 0.5, standard deviation 0.2: four standard errors are 0.06
    assert abs(sum(one.patience for one in drawn) / 200 - 0.5) < 0.06
    assert len({one.patience for one in drawn}) > 150


def test_the_shares_that_the_table_takes_from_judged_offers_are_theirs():
    rows = [
        json.loads(line) for line in (data_folder() / "reward_train.jsonl").read_text("utf-8").splitlines()
    ]
    offers = [row for row in rows if row["pred_task"] is not None]

    def accepted(wanted):
        return statistics.mean(row["valid"] for row in offers if row["help_needed"] in wanted)

    assert len(offers) == 1387
    assert accepted([True, False]) == pytest.approx(0.342, abs=5e-4)
    assert accepted([True]) == pytest.approx(0.543, abs=5e-4)
    assert accepted([False]) == pytest.approx(0.223, abs=5e-4)
    assert statistics.mean(row["help_needed"] for row in rows) == pytest.approx(0.373, abs=5e-4)
    shift = math.log(0.543 / 0.457) - math.log(0.223 / 0.777)
    assert load_parameters().acceptance.need == pytest.approx(shift, abs=0.01)
