"""Groups of flags: typer sees the flags, the command gets the groups."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from tactful.cli.splice import noun_of, spliced, without


@dataclass(frozen=True, kw_only=True)
class Where:
    city: Annotated[str, typer.Option("--city", help="Where.")]
    street: Annotated[str, typer.Option("--street")] = "High Street"


@dataclass(frozen=True, kw_only=True)
class When:
    day: Annotated[int, typer.Option("--day", min=1)] = 1


def run(command: Callable[..., None], *words: str) -> str:
    noun = noun_of("About letters.", command)
    done = CliRunner().invoke(noun, ["send", *words])
    return done.output if done.exit_code == 0 else f"exit {done.exit_code}: {done.output}"


def test_a_command_gets_its_groups_and_typer_their_flags() -> None:
    def send(
        letter: str, *, at: Where, on: When, fast: Annotated[bool, typer.Option("--fast")] = False
    ) -> None:
        print(letter, at.city, at.street, on.day, fast)

    assert run(send, "a", "--city", "Ulm", "--day", "3", "--fast") == "a Ulm High Street 3 True\n"
    assert run(send, "a", "--city", "Ulm", "--day", "0").startswith("exit 2")
    assert run(send, "a").startswith("exit 2")  # --city is needed
    assert "Where." in run(send, "--help")


def test_flags_that_are_left_out_keep_their_default() -> None:
    def send(*, at: Annotated[Where, without("street")]) -> None:
        print(at.street)

    assert run(send, "--city", "Ulm") == "High Street\n"
    assert run(send, "--city", "Ulm", "--street", "x").startswith("exit 2")


def test_a_subclass_changes_a_flag_for_one_command() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Later(When):
        day: Annotated[int, typer.Option("--day", min=5)] = 7

    def send(*, on: When) -> None:
        print(on.day)

    send.__annotations__["on"] = Later
    assert run(send) == "7\n"


def test_two_groups_may_not_claim_one_flag() -> None:
    def send(*, at: Where, city: str) -> None: ...

    with pytest.raises(TypeError, match="city stands in two groups"):
        spliced(send)
