"""What a command takes, as a sweep asks it."""

from tactful.api.commands import Command


def test_false_says_no_where_the_command_has_a_flag_for_it() -> None:
    train = Command.of(["train", "dpo", "pairs"])
    assert train.words("weights", True) == ["--weights"]
    assert train.words("weights", False) == ["--no-weights"]
    assert train.words("lora", False) == ["--full"]
    assert train.words("full", False) == ["--lora"]


def test_false_leaves_out_a_flag_that_only_says_yes() -> None:
    assert Command.of(["train", "dpo"]).words("load-in-4bit", False) == []


def test_a_list_repeats_the_flag_or_is_written_with_commas_where_it_may_stand_once() -> None:
    serve = Command.of(["annotate", "serve", "items.jsonl"])
    assert serve.words("allow-host", ["a.example", "b.example"]) == [
        "--allow-host", "a.example", "--allow-host", "b.example",
    ]  # fmt: skip
    rollout = Command.of(["calibrate", "rollout", "states.jsonl"])
    assert rollout.words("personas", ["a.toml", "b.toml"]) == ["--personas", "a.toml,b.toml"]
    assert rollout.words("limit", 3) == ["--limit", "3"]


def test_the_words_that_name_a_command_end_before_its_input() -> None:
    assert Command.of(["calibrate", "rollout", "states.jsonl"]).names == 2
    assert "--resume" in Command.of(["calibrate", "rollout"]).flags
    assert "--resume" not in Command.of(["calibrate", "pairs", "rewards"]).flags
    assert Command.of(["sweep", "sweep"]).names == 1
    assert Command.of(["no-such"]).names == 0
