"""The reading of an audit by workers on Ray: each opens the reader once, and judges passages as they would be judged here."""

from __future__ import annotations

from collections.abc import Sequence

from tactful.audit.judging.judge import Judge
from tactful.audit.types import Finding, Passage
from tactful.errors import TactfulError
from tactful.reading.opening import open_embedded_reader


class Reading:
    """The actor."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._judge: Judge | None = None

    def run(self, passages: Sequence[Passage]) -> list[Finding] | TactfulError:
        """The findings; or why the reader cannot be opened on this machine."""
        try:
            if self._judge is None:
                self._judge = Judge(open_embedded_reader(self._reader))
        except TactfulError as error:
            return error
        return [finding for _, finding in self._judge.findings(passages)]
