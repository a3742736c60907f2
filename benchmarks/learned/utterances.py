"""(d) What will the user write next?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from learned.shared import DATA, SEED, Found, Setting, said, to_messages, write
from tactful.data.formats.chats import Dialogue
from tactful.data.io import read_jsonl
from tactful.evaluation.utterance.similarity import chrf
from tactful.policy.language_model.scoring import log_probabilities
from tactful.stats.bootstrap import grouped_mean
from tactful.text import similarity
from tactful.text.quoting.shorten import shortened
from tactful.types import seeded
from tactful.weights import answer_ids, load_base, prompt_ids

TURNS, LONGEST, NEW = 4, 240, 32
"""Latest messages that are shown, characters of each, and most tokens that are written."""
ASK = "Write what the user says next."


def examples(dialogues: Sequence[Dialogue], each: int) -> list[dict[str, Any]]:
    """The user's messages after the first, with what stood before them."""
    found = []
    for dialogue in dialogues:
        talk = dialogue.conversation
        turns = [at for at, message in enumerate(talk) if at and message.role == "user"]
        seeded("utterances", dialogue.id, SEED).shuffle(turns)
        for at in turns[:each]:
            before = "\n".join(
                f"{one.role}: {shortened(one.content, LONGEST, joint=' ')}"
                for one in talk[max(0, at - TURNS) : at]
            )
            last = [one.content for one in talk[:at] if one.role == "user"][-1]
            found.append(
                {
                    "prompt": [said("user", f"{before}\n\n{ASK}")],
                    "completion": [said("assistant", talk[at].content)],
                    "gold": talk[at].content,
                    "last": last,
                    "dialogue": dialogue.id,
                }
            )
    return found


def utterances(setting: Setting) -> Found:
    """SFT on the messages that came, in MultiWOZ's dialogues."""
    found = Found("d: next message")
    path = DATA / "dialogues" / "multiwoz.jsonl"
    if not path.is_file():
        found.note(f"skipped: no data at {path}; set TACTFUL_TEST_DATA")
        return found
    dialogues = list(read_jsonl(path, Dialogue))
    seeded("dialogues", SEED).shuffle(dialogues)
    held_out, rest = dialogues[:60], dialogues[60:]
    test = examples(held_out, 2)
    train = examples(rest, 3)[: setting.size(400)]
    rows = [{name: row[name] for name in ("prompt", "completion")} for row in train]
    data = write(setting.out / "utterances.jsonl", rows)
    base = load_base(setting.model, dtype=setting.dtype)
    before = measured(base, test)
    del base
    after = measured(setting.train(found, "sft", data, "utterances", learning_rate=5e-4), test)
    group = [row["dialogue"] for row in test]
    rng = seeded("drawn", SEED)
    others = [rng.choice(train)["gold"] for _ in test]
    for whose, texts in (
        ("the user's last message", [row["last"] for row in test]),
        ("a message drawn", others),
    ):
        for name, figure in likeness(texts, test).items():
            found.add(name, whose, grouped_mean(figure, group))
    for name, figure in before.items():
        found.add(name, "untrained", grouped_mean(figure, group))
        found.add(name, "trained", grouped_mean(after[name], group))
        found.add(
            f"{name}, trained minus untrained", "trained", grouped_mean(after[name] - figure, group), "+"
        )
    return found


def likeness(texts: Sequence[str], rows: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """How close texts come to the real messages, in [0, 1]."""
    return {
        "chrF": np.array([chrf(text, row["gold"]) for text, row in zip(texts, rows, strict=True)]),
        "n-gram cosine": np.array(
            [similarity(text, row["gold"]) for text, row in zip(texts, rows, strict=True)]
        ),
    }


def measured(loaded: Any, rows: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Log-likelihood of the real message, nats a token, and the likeness of what is written greedily."""
    tokenizer = loaded.tokenizer
    prompts = [to_messages(row["prompt"]) for row in rows]
    ids = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    gold = [answer_ids(tokenizer, prompt, row["gold"]) for prompt, row in zip(prompts, rows, strict=True)]
    whole = log_probabilities(loaded.model, ids, [[one] for one in gold])[:, 0]
    found = {"log-likelihood a token": whole / np.array([len(one) for one in gold])}
    return found | likeness(written(loaded, ids), rows)


def written(loaded: Any, ids: Sequence[list[int]]) -> list[str]:
    """The likeliest message after each prompt, greedily, all of a batch at once."""
    import torch

    order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
    texts = [""] * len(ids)
    for start in range(0, len(order), 30):
        places = order[start : start + 30]
        batch = loaded.tokenizer.pad(
            [{"input_ids": ids[at]} for at in places], padding_side="left", return_tensors="pt"
        )
        with torch.no_grad():
            made = loaded.model.generate(
                **batch, max_new_tokens=NEW, do_sample=False, pad_token_id=loaded.tokenizer.pad_token_id
            )
        for at, row in zip(places, made[:, batch["input_ids"].shape[1] :], strict=True):
            texts[at] = loaded.tokenizer.decode(row, skip_special_tokens=True).strip()
    return texts
