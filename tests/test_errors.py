"""Errors: exit codes, the one form of bad input, and what may be caught as what."""

from __future__ import annotations

import inspect

import pytest

from tactful import errors
from tactful.errors import (
    BudgetSpent,
    ConfigError,
    DataError,
    EndpointRefused,
    Interrupted,
    MissingExtra,
    ParseError,
    ProviderError,
    SafetyRefusal,
    StopRun,
    TactfulError,
    UsageError,
    UserError,
)

ALL = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, Exception)]


@pytest.mark.parametrize("kind", ALL)
def test_every_error_is_a_tactful_error_with_a_docstring(kind: type[Exception]) -> None:
    assert issubclass(kind, TactfulError)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (UserError, 1),
        (ConfigError, 1),
        (DataError, 1),
        (StopRun, 1),
        (UsageError, 2),
        (SafetyRefusal, 3),
        (Interrupted, 130),
    ],
)
def test_exit_codes_are_those_of_the_help(kind: type[TactfulError], code: int) -> None:
    assert kind.exit_code == code


def test_what_stops_a_run_is_not_the_failure_of_one_record() -> None:
    for kind in (EndpointRefused, BudgetSpent, Interrupted):
        assert issubclass(kind, StopRun)
        assert not issubclass(kind, ProviderError)
    assert not issubclass(ProviderError, StopRun)
    assert not issubclass(ParseError, UserError)


def test_bad_input_is_reported_as_file_line_problem_and_fix() -> None:
    assert (
        str(DataError.at("run.jsonl", 41, "reaction 'maybe'", fix="correct it"))
        == "run.jsonl:41: reaction 'maybe'; correct it"
    )
    assert str(DataError.at("run.jsonl", None, "is empty")) == "run.jsonl: is empty"


def test_a_missing_extra_gives_the_line_to_type() -> None:
    assert str(MissingExtra("encoder", "the sentence encoder")) == (
        "the sentence encoder needs the extra 'encoder'; in the clone of Tactful run: pip install '.[encoder]'"
    )


def test_a_provider_error_knows_its_outcome_and_a_parse_error_its_reply() -> None:
    assert ProviderError("no answer").outcome == "out_of_reach"
    assert ProviderError("declined", outcome="refused").outcome == "refused"
    assert ParseError("not JSON", reply="hello").reply == "hello"
