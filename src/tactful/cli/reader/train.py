"""`tactful reader train`: an encoder tuned on labelled texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag, names_of
from tactful.cli.output import emit_json, next_command, quoted, say, tell_bad


@dataclass(frozen=True, kw_only=True)
class TrainingFlags:
    """What is tuned, on what of the texts, and how."""

    base: Annotated[
        str,
        typer.Option(
            "--base",
            help="`encoder` or a reader's folder: it learns further; the folder of a BERT-like encoder; --lora: a language model, `smollm2`, a folder, a .gguf file or a name.",
        ),
    ]
    out: Annotated[Path, typer.Option("--out", help="New folder for the reader.")]
    with_corpora: Annotated[
        bool, typer.Option("--corpora/--no-corpora", help="Train on the bundled corpora too.")
    ] = True
    keep_aside: Annotated[
        bool,
        typer.Option(
            "--keep-aside/--train-on-all",
            help="Leave a fourth of the groups of LABELS untrained; `reader evaluate --aside` measures on it.",
        ),
    ] = True
    calibrate_on: Annotated[
        str,
        typer.Option(
            "--calibrate-on", help="Writers, by commas, that only calibrate; default: the bundled choice."
        ),
    ] = ""
    lora: Annotated[
        bool,
        typer.Option("--lora", help="Tune a language model by adapters on its upper layers, not an encoder."),
    ] = False
    layers: Annotated[
        int | None,
        typer.Option("--layers", min=1, help="--lora: uppermost layers that get adapters; default: 8."),
    ] = None
    rank: Annotated[
        int | None, typer.Option("--rank", min=1, help="--lora: of the adapters; default: 16.")
    ] = None
    share: Annotated[
        float | None,
        typer.Option(
            "--share",
            min=0.0,
            max=1.0,
            help="Learning further: of the bundled corpora, what is learnt again beside LABELS; default: 0.125.",
        ),
    ] = None
    stays: Annotated[
        float | None,
        typer.Option(
            "--stays",
            min=0.0,
            max=1.0,
            help="Learning further: share of the weights that stays as it was; default: 0.5.",
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", min=1, help="Passes over the texts; default: 4, learning further 3, --lora 2."
        ),
    ] = None
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate", min=1e-7, help="Peak; default: 1.5e-4, learning further 6e-5, --lora 5e-4."
        ),
    ] = None
    batch: Annotated[int, typer.Option("--batch", min=1, help="Texts at once, about.")] = 32
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            help="Train on whole contrast groups, drawn by --seed, of about N texts a judgement; calibrate on as many, 400 at least.",
        ),
    ] = None
    threads: Annotated[int, typer.Option("--threads", min=1, help="Cores to train on.")] = 1


def train(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[LABELS…]", help="Labelled texts of yours, JSONL.")
    ] = None,
    *,
    how: TrainingFlags,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Fine-tune a small encoder or language model on labelled requests, follow-ups and moments; needs the extra [train].

    Example: `tactful reader train mine.jsonl --base encoder --out reader`

    From an encoder alone: `tactful reader train mine.jsonl --base all-MiniLM-L6-v2 --out reader`

    A language model: `tactful reader train --base smollm2 --lora --out reader-lm`

    The held-out writers of the bundled corpora are never trained on. All corpora take some hours on one core, learning further nearly two; --lora: bound it by --limit.
    """
    from tactful.api.reader import train_reader
    from tactful.cli.progress import steps

    with steps("training") as on_step:
        card = train_reader(
            *(files or ()),
            **{**asdict(how), "calibrate_on": names_of(how.calibrate_on)},
            seed=seed,
            skip_bad=skip_bad,
            on_bad=tell_bad,
            on_step=on_step,
        )
    if as_json:
        emit_json({"out": str(how.out), "fingerprint": card.fingerprint, **card.training})
    say(f"reader {card.fingerprint} in {how.out}")
    own = " ".join(quoted(path) for path in files or ())
    aside = f" {own} --aside" if own and how.keep_aside else ""
    next_command(f"tactful reader evaluate{aside} --reader {quoted(how.out)}")
