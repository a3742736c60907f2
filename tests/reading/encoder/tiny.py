"""A tiny BERT-like encoder in a folder, and rows that it can learn: built here, nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path

from tactful.data.corpora.types import FollowUpRow, GapLabel, MomentRow, RequestRow
from tactful.reading.labelled import Labelled
from tactful.reading.types import REACTIONS
from tactful.types import Event, LabelledMoment, Moment, MomentLabel

WORDS = [
    "set",
    "a",
    "timer",
    "for",
    "ten",
    "minutes",
    "cancel",
    "it",
    "the",
    "order",
    "thanks",
    "great",
    "wrong",
    "not",
    "what",
    "I",
    "asked",
    "user",
    "assistant",
    ":",
    ";",
    ".",
    ",",
    "?",
    "!",
    "silence",
    "fix",
    "test",
    "failed",
    "red",
    "joke",
    "tell",
    "me",
    "now",
    "later",
    "open",
    "file",
    "save",
    "done",
    "build",
    "broke",
    "why",
    "how",
    "next",
    "please",
    "one",
    "two",
    "three",
    "coffee",
    "is",
    "cold",
    "sam",
    "anna",
    "book",
    "room",
    "night",
]


def tiny_base(folder: Path) -> Path:
    """config.json, model.safetensors and tokenizer.json of a two-layer encoder with random weights."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789"]
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(map(str.lower, WORDS)) | set(letters))]
    vocabulary = dict.fromkeys([*names, *(f"##{letter}" for letter in letters)])
    tokenizer = Tokenizer(
        models.WordPiece({name: at for at, name in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), **shape)).save_pretrained(folder)
    return folder


def rows(writer: str, copies: int = 12) -> Labelled:
    """Easy rows: `it` is open, `wrong` is a correction, a fix is welcome after a red test."""
    requests, followups, moments = [], [], []
    for at in range(copies):
        group = f"{writer}-{at}"
        common = {"group": group, "writer": writer, "lang": "en", "domain": "test"}
        requests += [
            RequestRow(
                id=f"{group}-o",
                text="cancel it" + " now" * (at % 3),
                label="open",
                missing=(GapLabel(kind="context", critical=True),),
                **common,
            ),
            RequestRow(
                id=f"{group}-c", text="cancel the order" + " now" * (at % 3), label="complete", **common
            ),
        ]
        says = {"neg_correction": "wrong", "pos_praise": "thanks great", "pos_progress": "next please"}
        followups += [
            FollowUpRow(
                id=f"{group}-{label}",
                q_t="book a room",
                a_t="done",
                user_next=text + " now" * (at % 2),
                label7=label,
                **common,
            )
            for label, text in says.items()
        ]
        for word, good in (("failed red", True), ("save done", False)):
            for proposal in ("fix the test", None):
                moment = Moment(
                    id=f"{group}-{word}-{proposal}",
                    session=group,
                    proposal=proposal,
                    events=(Event(text=f"test {word}" + " now" * (at % 2)),),
                )
                label = MomentLabel(accepted=good if proposal else not good)
                moments.append(
                    MomentRow(
                        writer=writer,
                        lang="en",
                        domain="test",
                        labelled=LabelledMoment(moment=moment, label=label),
                    )
                )
    assert set(says) <= set(REACTIONS)
    return Labelled(tuple(requests), tuple(followups), tuple(moments))


def changed(folder: Path, name: str) -> None:
    """One byte of a file in `folder` flipped."""
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))


def card_with(folder: Path, **values: object) -> None:
    """The card in `folder` with other values."""
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
