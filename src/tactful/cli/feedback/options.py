"""Flags that the verbs of `feedback` share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tactful.cli.options import (
    ApiKeyEnvOption,
    BaseUrlOption,
    CacheOption,
    SeedOption,
    TimeoutOption,
    names_of,
)
from tactful.cli.output import quoted, say
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.api.feedback.labelled import ChoiceOptions

JudgedArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run of `feedback judge`, or JSONL of judged turns.")
]
LabelledArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="LABELLED...",
        help="JSONL rows: `conversation` or `q_t` and `a_t`; `user_next`; `label7`; optional `accept`, `source`, "
        "`lang`, `dialogue_id`. `probes` is the test set that ships.",
    ),
]
TrainedOption = Annotated[
    Path | None,
    typer.Option(
        "--trained", help="embedded: what `feedback train` wrote, a reader's name or folder, or `lexicon`."
    ),
]
ConfidenceOption = Annotated[
    Path | None, typer.Option("--confidence", help="What `feedback fit-confidence` wrote.")
]
PanelConfidenceOption = Annotated[
    Path | None, typer.Option("--confidence", help="Panels: what `feedback fit-confidence` wrote.")
]


@dataclass(frozen=True, kw_only=True)
class ChoiceFlags:
    """Who judges labelled turns."""

    model: Annotated[
        str, typer.Option("--model", help="`embedded` (no network), `offline`, or the name of a model.")
    ] = "embedded"
    trained: TrainedOption = None
    judged: Annotated[
        Path | None,
        typer.Option(
            "--judged",
            help="A run of `feedback judge` on these turns, also a panel's, in place of judging them now.",
        ),
    ] = None
    cross_fit: Annotated[
        int | None,
        typer.Option(
            "--cross-fit",
            min=2,
            help="embedded: train in so many folds by dialogue, judge what was left out.",
        ),
    ] = None
    base_url: BaseUrlOption = None
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY"
    timeout: TimeoutOption = None
    cache: CacheOption = None
    seed: SeedOption = 0

    def words(self) -> str:
        """The choice as flags of a further command; how an endpoint is reached is left out."""
        if self.judged is not None:
            return f"--judged {quoted(self.judged)}"
        trained = "" if self.trained is None else f" --trained {quoted(self.trained)}"
        folds = "" if self.cross_fit is None else f" --cross-fit {self.cross_fit}"
        return f"--model {self.model}{trained}{folds}"

    def given(self) -> ChoiceOptions:
        """The same for the Python interface."""
        return cast("ChoiceOptions", asdict(self))


def split_names(text: str) -> tuple[str, ...]:
    """Names by commas. Raises UsageError when there is none."""
    names = names_of(text)
    if not names:
        raise UsageError(f"'{text}' names nothing; give names by commas")
    return names


def tell_left_out(left_out: Mapping[str, int]) -> None:
    """Why rows were counted out; nothing where none was."""
    if left_out:
        say("counted out: " + ", ".join(f"{count} {why}" for why, count in left_out.items()))
