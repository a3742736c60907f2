"""Proposals by rules: a TOML file of `[[rule]]` tables, each from a pattern of events to an offer.

    [[rule]]
    kind = "fix"
    when = "(error|exception).* in '(?P<file>[^']+)'"
    times = 2
    offer = "Shall I look into the error in {file}?"

`[kinds]` names kinds by patterns of offers' texts, for proposers that name none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from tactful.data.io import as_settings, read_toml
from tactful.live.delivery.policy import regular
from tactful.live.delivery.types import LONGEST, Candidate
from tactful.live.watch.types import Window
from tactful.types import Record

_FIELD = re.compile(r"\{(\w+)\}")
_MOST_OF_A_FIELD = 200
OTHER = "other"
KINDS: Mapping[str, str] = {
    "fix": r"\b(fix|debug|error|exception|bug|crash|repair|resolv|troubleshoot)|修复|报错|调试",
    "test": r"\b(unit )?tests?\b|测试",
    "summary": r"\bsummar|\boutline|\bkey points|总结|摘要|提纲",
    "find": r"\b(find|search|look up|resources?|tutorials?|documentation|links?)\b|查找|搜索|资料",
    "write": r"\b(writ|draft|reply|compose|rephrase|proofread|translat)|写|润色|翻译|回复",
    "explain": r"\b(explain|example|how to|guid|tips|show you|understand)|解释|示例|讲解|说明",
    "organise": r"\b(organi[sz]|schedul|remind|plan|sort|clean up|back ?up|automat)|整理|安排|提醒|备份",
}  # fmt: skip
"""Kind → pattern of an offer's text; the first that fits."""


class Rule(Record):
    """Offers something where events fit."""

    kind: str = Field(min_length=1, max_length=40)
    when: str
    """Regular expression, found in the text of an event that nobody has looked at yet, in any case."""
    times: int = Field(default=1, ge=1)
    """So many events of the window must fit."""
    offer: str = Field(min_length=1, max_length=LONGEST)
    """What is offered; `{name}` stands for the group of that name in `when`."""

    _reads = field_validator("when")(regular)

    @model_validator(mode="after")
    def _fields_known(self) -> Rule:
        unknown = set(_FIELD.findall(self.offer)) - set(re.compile(self.when).groupindex)
        if unknown:
            raise ValueError(f"offer names {{{min(unknown)}}}, and 'when' has no group of that name")
        return self


class RuleFile(Record):
    """What the file holds."""

    rule: tuple[Rule, ...] = ()
    kinds: Mapping[str, str] = KINDS

    @field_validator("kinds")
    @classmethod
    def _read(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for pattern in value.values():
            regular(pattern)
        return value


def load_rules(path: Path) -> RuleFile:
    """The rules in a file. Raises: ConfigError that names file, rule and value."""
    fix = "write [[rule]] tables with kind, when, offer, times"
    return as_settings(RuleFile, read_toml(path, "the rules"), "the rules", path=path, fix=fix)


class RuleProposer:
    """Proposes by rules, in the order of the file."""

    name = "rules"

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, re.compile(rule.when, re.IGNORECASE)) for rule in rules]

    async def propose(self, window: Window) -> list[Candidate]:
        """An offer for each rule that fits."""
        found = []
        for rule, when in self._rules:
            fits = [when.search(event.text) for event in window.events]
            last = next((one for one in reversed(fits[-window.fresh :] if window.fresh else []) if one), None)
            if last is not None and sum(one is not None for one in fits) >= rule.times:
                found.append(Candidate(kind=rule.kind, text=_filled(rule.offer, last)))
        return found

    async def close(self) -> None:
        """Nothing is open."""


def _filled(offer: str, found: re.Match[str]) -> str:
    def value(field: re.Match[str]) -> str:
        return " ".join((found[field[1]] or "").split())[:_MOST_OF_A_FIELD]

    return _FIELD.sub(value, offer)[:LONGEST]


class Kinds:
    """Kinds of offers by their texts."""

    def __init__(self, patterns: Mapping[str, str] = KINDS) -> None:
        self._patterns = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in patterns.items()}

    def of(self, text: str) -> str:
        """The first kind that fits; `other` where none does."""
        return next((kind for kind, pattern in self._patterns.items() if pattern.search(text)), OTHER)
