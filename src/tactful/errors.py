"""Every exception that Tactful raises on purpose.

The failure model in one screen:

- `UserError`: the user can fix it. The command line shows the sentence, never a traceback.
  `DataError` also names file, line and value; `ConfigError` names the key.
- `ProviderError`: the endpoint did not give an answer for this call. The record fails with the reason,
  the run goes on, `tactful runs retry` takes it again.
- `StopRun`: going on is pointless (a wrong key, an exhausted quota, a spent budget, Ctrl-C). The run stores
  what is finished and can be resumed.
- `ParseError`: the endpoint answered, but not usably. A caller may turn it into an unscored judgement;
  nobody turns it into a default value.
- `SafetyRefusal`: Tactful will not do it, for example run untrusted code without a cage (exit code 3).

A message says what happened, where, the offending value and the next move. What others wrote in it is `visible`.
"""

from __future__ import annotations

from pathlib import Path


class TactfulError(Exception):
    """Base of all. `exit_code` is what the command line returns."""

    exit_code = 1


class UserError(TactfulError):
    """Something that the user can fix; shown without traceback."""


class UsageError(UserError):
    """A command was called with options that do not fit together."""

    exit_code = 2


class ConfigError(UserError):
    """A configuration file or value is unusable."""


class DataError(UserError):
    """A file holds something unusable. Built by `DataError.at` so that file and line always show."""

    @classmethod
    def at(cls, path: Path | str, line: int | None, problem: str, *, fix: str = "") -> DataError:
        """`path:line: problem; fix`, the one form in which bad input is reported."""
        place = f"{path}:{line}" if line is not None else str(path)
        return cls(f"{place}: {problem}" + (f"; {fix}" if fix else ""))


class MissingExtra(UserError):
    """An optional dependency is not installed; the message holds the one line to type."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra '{extra}'; in the clone of Tactful run: pip install '.[{extra}]'"
        )


class RunLocked(UserError):
    """Another process is writing to this run folder."""


class ConfigChanged(UserError):
    """A run folder holds results of another configuration; the message names the keys that differ."""


class SafetyRefusal(TactfulError):
    """Refused for safety: exit code 3, and nothing was run."""

    exit_code = 3


class ProviderError(TactfulError):
    """The endpoint gave no answer for this call. `outcome` is the name of the `llm.Outcome`.

    `input_too_long`: the endpoint said so, and a shorter input may be answered.
    """

    def __init__(self, message: str, *, outcome: str = "out_of_reach", input_too_long: bool = False) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.input_too_long = input_too_long


class ParseError(TactfulError):
    """A reply that cannot be used, also after asking again. Never replaced by a default value."""

    def __init__(self, message: str, *, reply: str = "") -> None:
        super().__init__(message)
        self.reply = reply


class StopRun(TactfulError):
    """The whole run stops now, cleanly and resumably."""


class EndpointRefused(StopRun):
    """Wrong key, unknown model, exhausted quota: no further call can succeed until the user acts."""


class BudgetSpent(StopRun):
    """The next call could exceed the token or money budget."""


class Interrupted(StopRun):
    """Ctrl-C or SIGTERM."""

    exit_code = 130


def first_of(group: BaseExceptionGroup[Exception]) -> Exception:
    """The exception that ended a batch: one that stops everything before any other."""
    stops, _ = group.split(StopRun)
    inner = (stops or group).exceptions[0]
    return first_of(inner) if isinstance(inner, BaseExceptionGroup) else inner


def raise_first(*results: object) -> None:
    """Raise what went wrong among the results of side-by-side steps: StopRun first, else the first."""
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        raise next((error for error in errors if isinstance(error, StopRun)), errors[0])


_HARMLESS = "\n\t\xa0\u3000\u2002\u2003\u2009\u202f\u200c\u200d"


def visible(text: str) -> str:
    """What others wrote, fit for a terminal: control characters and lone surrogates are written out, save line ends and tabs.

    Spaces of other scripts and what joins the parts of an emoji stay.
    """
    return "".join(
        character if character.isprintable() or character in _HARMLESS else ascii(character)[1:-1]
        for character in text
    )
