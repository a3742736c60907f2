"""From labelled texts to a reader in a folder: train, export, calibrate and bound on writers that training never saw."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from tactful.errors import UserError
from tactful.reading.encoder.card import (
    CARD_FILE,
    HeadCard,
    ReaderCard,
    Sharpness,
    read_card,
    refuse_used,
)
from tactful.reading.encoder.examples import Example, examples_of, exchange_of, request_of, texts_of
from tactful.reading.encoder.glosses import GLOSSES_FILE, Glosses, Words
from tactful.reading.encoder.network import Floats, Network, Runs
from tactful.reading.encoder.reader import NETWORK_FILE, TOKENS_FILE
from tactful.reading.encoder.scope import SCOPE_FILE, Near, save_scope, words_of
from tactful.reading.encoder.sharpen import fit_sharpness
from tactful.reading.encoder.tokens import Tokens, with_words
from tactful.reading.encoder.training.export import export_network
from tactful.reading.encoder.training.learning import LearningSettings, Learnt, fit
from tactful.reading.encoder.training.torch_network import build_network
from tactful.reading.kinds import kind_of
from tactful.reading.labelled import Labelled
from tactful.runs.store.files import make_folder, write_atomic
from tactful.text import scripts
from tactful.types import seeded
from tactful.weights.extras import need
from tactful.weights.gguf import file_sha256

_log = logging.getLogger(__name__)
HEADS = ("need", "reaction", "accept", "silence")
BEYOND = 1.25
"""The limit of distance, in distances of the farthest text seen."""
PLACED = 8000
"""Training texts a head that show where they lie; of more as many are drawn. All of 100,000 take half an hour of two cores."""
COMMON = 2500
"""Words on the card by which a language is known again."""


def train_encoder(
    training: Labelled,
    calibration: Labelled,
    base: Path,
    out: Path,
    *,
    words: Mapping[str, str] | None = None,
    glosses: Words | None = None,
    settings: LearningSettings | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> ReaderCard:
    """Train on `training`, fit probabilities and limits on `calibration`, write everything into the folder `out`.

    `base` is the folder of a BERT-like encoder (`config.json`, `model.safetensors`, `tokenizer.json`); `words` maps
    words that its vocabulary lacks to an English gloss, `glosses` do so for the languages that are read in English. Raises: UserError, when `out` exists, too little is left to train on, or a
    writer stands in both sets; MissingExtra without the extra `[train]`.
    """
    refuse_unfit(training, calibration)
    refuse_used(out)
    (torch,) = need("torch", what="training a reader")
    missing = [name for name in ("config.json", "tokenizer.json") if not (base / name).is_file()]
    if missing:
        raise UserError(
            f"{base}: holds no encoder ({', '.join(missing)} missing); give --base the folder of a BERT-like one"
        )
    settings = settings or LearningSettings()
    make_folder(out)
    words = words or {}
    with_words(base / "tokenizer.json", tuple(words)).save(str(out / TOKENS_FILE))
    Glosses(glosses or {}).save(out / GLOSSES_FILE)
    tokens = Tokens.load(out / TOKENS_FILE)
    examples = examples_of(training, tokens)
    torch.manual_seed(settings.seed)
    learnt = fit(build_network(base, words), examples, settings, on_step=on_step)
    export_network(learnt.network, out / NETWORK_FILE)
    network = Network(out / NETWORK_FILE, threads=settings.threads)
    held = examples_of(calibration, tokens)
    files = (NETWORK_FILE, TOKENS_FILE, GLOSSES_FILE)
    return finish(out, files, network, training, calibration, examples, held, learnt, settings)


def continue_encoder(
    training: Labelled,
    calibration: Labelled,
    source: Path,
    out: Path,
    *,
    stays: float = 0.5,
    settings: LearningSettings | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> ReaderCard:
    """Train the encoder in the folder `source` further on `training` and write it into the folder `out`, calibrated anew.

    Of the weights `stays` (0 to 1) remain those of before, the rest are those after training: the mean of both forgets
    less than either (Wortsman et al., 2022, arXiv:2109.01903). Raises: as `train_encoder`; DataError, when the files of `source` are damaged.
    """
    refuse_unfit(training, calibration)
    refuse_used(out)
    (torch,) = need("torch", what="training a reader")
    from tactful.reading.encoder.training.restore import restore_network

    before = read_card(source)
    before.check_files(source)
    settings = settings or LearningSettings()
    tokens = Tokens.load(source / TOKENS_FILE)
    examples = examples_of(training, tokens)
    network = restore_network(source / NETWORK_FILE)
    old = {name: value.clone() for name, value in network.state_dict().items()}
    learnt = fit(network, examples, settings, on_step=on_step)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(old[name], stays)
    make_folder(out)
    for name in (TOKENS_FILE, GLOSSES_FILE):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    export_network(network, out / NETWORK_FILE)
    return finish(
        out,
        tuple(name for name in (NETWORK_FILE, TOKENS_FILE, GLOSSES_FILE) if (out / name).is_file()),
        Network(out / NETWORK_FILE, threads=settings.threads),
        training,
        calibration,
        examples,
        examples_of(calibration, tokens),
        learnt,
        settings,
        before=before,
        continues={"fingerprint": before.fingerprint, "stays": stays, "training": dict(before.training)},
    )


def finish(
    out: Path,
    files: Sequence[str],
    network: Runs,
    training: Labelled,
    calibration: Labelled,
    trained: Sequence[Example],
    held: Sequence[Example],
    learnt: Learnt,
    settings: LearningSettings,
    *,
    before: ReaderCard | None = None,
    continues: Mapping[str, JsonValue] | None = None,
) -> ReaderCard:
    """Calibrate and bound the trained `network`, and write scope and card beside the `files` in `out`; the card comes last.

    `trained` and `held` are the texts of `training` and `calibration` as the network is shown them; `before` is
    the card of the reader that was trained further, whose scripts and words stay known; `continues` says which it was.
    """
    heads, near = _bounded(network, trained, held, texts_of(calibration), before)
    save_scope(out / SCOPE_FILE, near)
    card = ReaderCard(
        files={name: file_sha256(out / name) for name in (*files, SCOPE_FILE)},
        heads=heads,
        scripts=tuple(sorted({*_scripts(training), *(before.scripts if before else ())})),
        common=tuple(dict.fromkeys((*_common(training), *(before.common if before else ())))),
        training={
            "requests": len(training.requests),
            "followups": len(training.followups),
            "moments": len(training.moments),
            "writers": list(training.writers),
            "calibrated_on": list(calibration.writers),
            "settings": settings.model_dump(mode="json"),
            "losses": [dict(one) for one in learnt.losses],
            "seconds": round(learnt.seconds),
            **({"continues": dict(continues)} if continues else {}),
        },
    )
    write_atomic(out / CARD_FILE, [card.model_dump_json(indent=1).encode(), b"\n"])
    return card


def refuse_unfit(training: Labelled, calibration: Labelled) -> None:
    """Raises: UserError, when there is nothing to train on or to tell distances by, or a writer stands in both."""
    if not len(training):
        raise UserError(
            "no labelled text is left to train on: the others are kept aside, or by writers that it is calibrated on; "
            "give more, or calibrate on fewer writers"
        )
    shared = set(training.writers) & set(calibration.writers)
    if shared:
        raise UserError(
            f"the writers {sorted(shared)} stand in the training and in the calibration texts; held-out means another writer"
        )
    if lonely := _one_text_a_label(training):
        raise UserError(
            f"of the {lonely} to train on each label has one text alone, and how far texts lie apart shows only where one "
            "has two; give more of them, or leave them out"
        )


def _one_text_a_label(rows: Labelled) -> str:
    """What is judged of which every label has one text alone; empty where there is none."""
    moments = [(row.labelled.moment, row.labelled.label.accepted) for row in rows.moments]
    judged: list[tuple[str, object, object]] = [
        *(("requests", row.label, request_of(row)) for row in rows.requests),
        *(("follow-ups", row.label7, exchange_of(row)) for row in rows.followups),
        *(
            (
                "moments without an offer" if one.proposal is None else "offers",
                accepted,
                (one.proposal, [event.text for event in one.events]),
            )
            for one, accepted in moments
        ),
    ]
    first: dict[tuple[str, object], object] = {}
    differ = {kind for kind, label, text in judged if first.setdefault((kind, label), text) != text}
    return next((kind for kind, _ in first if kind not in differ), "")


def _bounded(
    network: Runs,
    trained: Sequence[Example],
    held: Sequence[Example],
    texts: Mapping[str, Sequence[str]],
    before: ReaderCard | None,
) -> tuple[dict[str, HeadCard], dict[str, Near]]:
    """Per head: calibration and the limit of distance on the calibration texts; where the training texts lie.

    Without such texts a head keeps the calibration of `before`, or has none.
    """
    heads, near = {}, {}
    for head in HEADS:
        inside = [one for one in trained if one.task == head]
        if not inside:
            continue
        if len(inside) > PLACED:
            inside = seeded("where they lie", head).sample(inside, PLACED)
        outside = [one for one in held if one.task == head]
        seen = network.run([one.shown for one in inside], ())
        near[head] = Near.fit(seen.vector, np.array([int(np.argmax(one.target)) for one in inside]))
        known = before.heads.get(head) if before else None
        sharpness = dict(known.sharpness) if known else {"all": Sharpness(temperature=1.0)}
        farthest = float(near[head].distance(seen.vector).max())
        if not outside:
            _log.warning(
                "%s: no writer calibrates it, so that its probabilities %s; fit them to labels that it was not trained on: "
                "tactful reader calibrate",
                head,
                "are calibrated as before" if known else "are not calibrated",
            )
        else:
            found = network.run([one.shown for one in outside], (head,))
            answers = [int(np.argmax(one.target)) for one in outside]
            logits: Floats = found.logits[head]
            kinds, writers = [kind_of(text) for text in texts[head]], [one.writer for one in outside]
            sharpness = fit_sharpness(logits, answers, kinds, writers)
            farthest = max(farthest, float(near[head].distance(found.vector).max()))
        heads[head] = HeadCard(sharpness=sharpness, farthest=BEYOND * farthest)
    return heads, near


def _scripts(rows: Labelled) -> tuple[str, ...]:
    """Scripts with at least 200 letters in the training texts."""
    total: Counter[str] = Counter()
    for text in chain.from_iterable(texts_of(rows).values()):
        total.update(scripts(text))
    return tuple(sorted(script for script, letters in total.items() if letters >= 200))


def _common(rows: Labelled) -> tuple[str, ...]:
    """The commonest words of the training texts."""
    counted: Counter[str] = Counter()
    for text in chain.from_iterable(texts_of(rows).values()):
        counted.update(set(words_of(text)))
    return tuple(word for word, _ in counted.most_common(COMMON))
