"""(c) Will this user accept what the assistant did?"""

from __future__ import annotations

import json

import numpy as np
from reward_encoder import judge_across

from learned.shared import DATA, SEED, Found, Setting, said, to_messages, write
from tactful.data.formats.moments import labelled_rows
from tactful.evaluation.judges.measures import Columns, columns_of, difference, estimates
from tactful.reward.embedded.training import TrainConfig, prepare
from tactful.reward.types import Acceptance
from tactful.stats import group_folds
from tactful.stats.bootstrap import group_draws
from tactful.text.quoting.shorten import shortened
from tactful.types import LabelledMoment, Moment, seeded
from tactful.weights import answer_ids, load_base, prompt_ids

EVENTS, LONGEST = 3, 160
"""Latest events that are shown, and characters of an event or a proposal."""
SHOWN = ("balanced_accuracy", "auroc")


def prompt_of(moment: Moment) -> list[dict[str, str]]:
    """A short form of our judge's prompt, which has about a thousand tokens: too many for minutes on two cores."""
    events = [shortened(event.text, LONGEST, joint=" ") for event in moment.events[-EVENTS:]]
    return [said("user", "\n".join(json.dumps(text, ensure_ascii=False) for text in events))]


def answer_of(moment: Moment) -> str:
    """What the assistant did."""
    return "(silence)" if moment.proposal is None else shortened(moment.proposal, LONGEST, joint=" ")


def acceptance(setting: Setting) -> Found:
    """A head on the model, folds by session, beside the embedded model on the same moments."""
    found = Found("c: acceptance")
    path = DATA / "proactivebench" / "reward_train.jsonl"
    if not path.is_file():
        found.note(f"skipped: no data at {path}; set TACTFUL_TEST_DATA")
        return found
    items = list(labelled_rows(path))
    folds = group_folds([item.moment.session for item in items], 5, SEED)
    fold = np.array([folds[item.moment.session] for item in items])
    each = setting.size(200)
    chosen = drawn(items, np.arange(len(items)), setting.size(640), "test")
    p, before = np.full(len(items), 0.5), np.full(len(items), 0.5)
    base = load_base(setting.model, head="score", dtype=setting.dtype)
    before[chosen] = scored(base, [items[at] for at in chosen])
    for number in range(5):
        inside = chosen[fold[chosen] == number]
        train = drawn(items, np.flatnonzero(fold != number), each, f"train-{number}")
        rows = [
            {
                "prompt": prompt_of(items[at].moment),
                "completion": [said("assistant", answer_of(items[at].moment))],
                "label": items[at].label.accepted,
            }
            for at in train
        ]
        data = write(setting.out / f"acceptance-{number}.jsonl", rows)
        loaded = setting.train(found, "reward", data, f"acceptance-{number}", learning_rate=3e-4)
        p[inside] = scored(loaded, [items[at] for at in inside])
        del loaded
    told = judge_across(prepare(items, TrainConfig()))
    embedded = part_of(told, chosen)
    draws = group_draws(embedded.sessions, 1000, SEED)
    tuned, untuned = (part_of(of(items, one), chosen) for one in (p, before))
    for whose, columns in (("embedded model", embedded), ("untrained head", untuned), ("trained", tuned)):
        for name in SHOWN:
            found.add(name.replace("_", " "), whose, estimates(columns, draws, equal=True)[name])
    for name in SHOWN:
        gap = difference(tuned, embedded, draws)[name]
        found.add(f"{name.replace('_', ' ')}, minus embedded", "trained", gap, "+")
    return found


def drawn(items: list[LabelledMoment], places: np.ndarray, count: int, name: str) -> np.ndarray:
    """`count` places, as many of each category as there are."""
    rng = seeded("acceptance", name, SEED)
    by: dict[str, list[int]] = {}
    for at in places:
        by.setdefault(items[at].category, []).append(int(at))
    for mine in by.values():
        rng.shuffle(mine)
    found: list[int] = []
    while len(found) < min(count, len(places)):
        found += [mine.pop() for mine in by.values() if mine]
    rng.shuffle(found)
    return np.array(found[:count])


def of(items: list[LabelledMoment], p: np.ndarray) -> Columns:
    """All moments with these probabilities."""
    judged = [
        Acceptance(moment_id=item.moment.id, p_accept=float(one), accepted=bool(one >= 0.5))
        for item, one in zip(items, p, strict=True)
    ]
    return columns_of(items, judged)


def part_of(columns: Columns, chosen: np.ndarray) -> Columns:
    """The chosen moments."""
    return columns.take(np.sort(chosen))


def scored(loaded: object, items: list[LabelledMoment]) -> list[float]:
    """Probability of acceptance, batches of like length."""
    import torch

    model, tokenizer = loaded.model, loaded.tokenizer  # type: ignore[attr-defined]
    ids = []
    for item in items:
        prompt = to_messages(prompt_of(item.moment))
        ids.append(prompt_ids(tokenizer, prompt) + answer_ids(tokenizer, prompt, answer_of(item.moment)))
    order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
    found = np.empty(len(ids))
    with torch.no_grad():
        for start in range(0, len(order), 16):
            places = order[start : start + 16]
            batch = tokenizer.pad(
                [{"input_ids": ids[at]} for at in places], padding_side="right", return_tensors="pt"
            )
            found[places] = model(**batch, use_cache=False).logits.squeeze(-1).float().sigmoid().numpy()
    return list(map(float, found))
