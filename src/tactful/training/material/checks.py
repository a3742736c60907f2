"""What is wrong with the data, found before a model is loaded: empty or equal sides, repeats, leaks, lengths.

Nothing of an answer is ever cut: an example that does not fit is refused, left out, or loses the oldest messages of
its prompt, as `too_long` says, and each is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import orjson

from tactful.data.exporting.forms import same_key
from tactful.data.splits import split_by_group
from tactful.errors import DataError, UserError
from tactful.training.types import Example, Material, TrainConfig, text_of
from tactful.types import Message, content_hash
from tactful.weights.tokens import choice_ids, prompt_ids


@dataclass
class Checked:
    """Examples that may be trained on, by part, and what was found on the way."""

    train: list[Example]
    valid: list[Example]
    grouped_by: str
    groups: dict[str, int]
    left_out: Counter[str]
    notes: list[str] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    """Of prompt and answer together: `median`, `longest`, `limit`."""
    cut_prompts: int = 0

    def lines(self) -> list[str]:
        """For the person, before training starts."""
        told = [
            f"train {len(self.train)} examples of {self.groups.get('train', 0)} groups, validate on {len(self.valid)} of "
            f"{self.groups.get('valid', 0)} (grouped by {self.grouped_by})",
            f"tokens: median {self.tokens['median']}, longest {self.tokens['longest']}, limit {self.tokens['limit']}",
        ]
        if self.cut_prompts:
            told.append(f"prompts that lost their oldest messages: {self.cut_prompts}")
        if self.left_out:
            told.append(f"left out: {_listed(self.left_out)}")
        return told + self.notes


def check_material(material: Material, config: TrainConfig, tokenizer: Any) -> Checked:
    """What to train and validate on.

    Raises: UserError when nothing is left, a class is missing, the parts share a group, or an example is too long and
    `too_long` refuses it.
    """
    left_out = Counter(material.left_out)
    kept = _sound(material, config, left_out)
    kept, tokens, cut = _fitting(kept, config, tokenizer, left_out)
    if not kept:
        raise UserError(f"{material.files[0].path}: no example is left to train on ({_listed(left_out)})")
    train, valid, groups, grouped_by = _parts(kept, material, config, left_out)
    if not train:
        raise UserError(f"{material.files[0].path}: no example is left to train on ({_listed(left_out)})")
    if config.trainer != "sft":
        _both_labels(train, material)
    notes = [
        *_notes(kept, material, config),
        *_users_words(kept, config),
        *_uncalibrated(valid, material),
        *_opened(kept, config, tokenizer),
    ]
    return Checked(train, valid, grouped_by, groups, left_out, notes, tokens, cut)


def _sound(material: Material, config: TrainConfig, left_out: Counter[str]) -> list[Example]:
    """Without empty sides, equal sides, unwanted answers where only answers are learnt, and rows that came before.

    Pairs over actions repeat by right: how often one action won in a state is what they say.
    """
    kept, seen = [], set()
    for item in material.examples:
        if material.form not in ("verdicts", "tasks") and not text_of(item.answer):
            left_out["with an empty answer"] += 1
        elif not text_of(item.prompt):
            left_out["with an empty prompt"] += 1
        elif material.form == "pairs" and same_key(item.answer) == same_key(item.rejected):
            left_out["with equal sides"] += 1
        elif material.form == "pairs" and not text_of(item.rejected):
            left_out["with an empty rejected side"] += 1
        elif config.trainer == "sft" and item.label is False:
            left_out["unwanted"] += 1
        elif (key := _key(item)) in seen and config.learn != "action":
            left_out["repeated"] += 1
        else:
            seen.add(key)
            kept.append(item)
    return kept


def _key(item: Example) -> str:
    sides = [same_key(item.prompt, item.answer, item.rejected), item.label, item.session and item.id]
    return content_hash(orjson.dumps(sides))


# ---------------------------------------------------------------- lengths


def _fitting(
    examples: list[Example], config: TrainConfig, tokenizer: Any, left_out: Counter[str]
) -> tuple[list[Example], dict[str, int], int]:
    """Those within the limit, the tokens of all, and how many prompts were cut for it."""
    sides = 1 if config.trainer == "sft" else 2  # the wanted answer alone is trained on there
    lengths = [length_of(item, tokenizer, sides) for item in examples]
    over = [at for at, length in enumerate(lengths) if length > config.max_length]
    if over and config.too_long == "refuse":
        longest = max(lengths)
        raise DataError.at(
            examples[over[0]].place,
            None,
            f"{len(over)} of {len(examples)} examples ({len(over) / len(examples):.0%}) are longer than "
            f"{config.max_length} tokens, this is the first, the longest has {longest}",
            fix="raise --max-length, or --too-long leave-out, or --too-long cut-prompt (the answer stays whole)",
        )
    kept, cut = [], 0
    for at, item in enumerate(examples):
        if lengths[at] <= config.max_length:
            kept.append(item)
            continue
        shorter = _cut(item, config.max_length, tokenizer, sides) if config.too_long == "cut-prompt" else None
        if shorter is None:
            left_out["too long"] += 1
        else:
            kept.append(shorter)
            cut += 1
    tokens = {
        "median": int(np.median(lengths)) if lengths else 0,
        "longest": max(lengths, default=0),
        "limit": config.max_length,
    }
    return kept, tokens, cut


def length_of(item: Example, tokenizer: Any, sides: int = 2) -> int:
    """Tokens of the prompt and its longer answer of both, or of the wanted one alone."""
    answers = [side for side in (item.answer, item.rejected)[:sides] if side]
    try:
        prompt, said = choice_ids(tokenizer, item.prompt, answers)
        return len(prompt) + max(map(len, said), default=0)
    except UserError as error:
        raise UserError(f"{item.place}: {error}") from error


def _cut(item: Example, limit: int, tokenizer: Any, sides: int) -> Example | None:
    """Without the oldest messages after the system's, until it fits; None where the last message alone does not."""
    system = [message for message in item.prompt[:1] if message.role == "system"]
    rest: Sequence[Message] = item.prompt[len(system) :]
    while len(rest) > 1:
        rest = rest[1:]
        while len(rest) > 1 and rest[0].role != "user":
            rest = rest[1:]
        shorter = replace(item, prompt=(*system, *rest))
        if length_of(shorter, tokenizer, sides) <= limit:
            return shorter
    return None


# ---------------------------------------------------------------- parts


def _parts(
    examples: list[Example], material: Material, config: TrainConfig, left_out: Counter[str]
) -> tuple[list[Example], list[Example], dict[str, int], str]:
    groups = _groups(examples)
    given = material.valid_file
    named = sum(bool(item.group) for item in examples)
    grouped_by = material.grouped_by if named == len(examples) else "prompt"
    if 0 < named < len(examples):
        grouped_by = f"{material.grouped_by}, or prompt where none is named"
    if given is not None or any(item.part == "valid" for item in examples):
        train = [at for at, item in enumerate(examples) if item.part != "valid"]
        known = {examples[at].group for at in train} - {""}
        shared = sorted({item.group for item in examples if item.part == "valid"} & known)
        if shared:
            raise UserError(
                f"{material.files[0].path}: the {grouped_by} '{shared[0]}' stands in train and in valid "
                f"({len(shared)} such); split the data again by it"
            )
        prompts = {same_key(examples[at].prompt) for at in train}
        valid = [
            at
            for at, item in enumerate(examples)
            if item.part == "valid" and same_key(item.prompt) not in prompts
        ]
        left_out["of the validation, their prompt is trained on"] = len(examples) - len(train) - len(valid)
        left_out += Counter()  # drops the zero
        if given is not None and not valid:
            raise UserError(
                f"{given}: none of its rows is left to validate on ({_listed(left_out)}); put others there, or take "
                "the file away, and a share of the training is held out"
            )
    elif config.valid == 0:
        train, valid = list(range(len(examples))), []
    else:
        if len(set(groups)) < 2:
            raise UserError(
                f"{material.files[0].path}: all {len(examples)} examples belong together (by {grouped_by}), none can be "
                "held out; give more data, or --valid 0"
            )
        split = split_by_group(
            groups,
            {"train": 1 - config.valid, "valid": config.valid},
            seed=config.seed,
            grouped_by=grouped_by,
        )
        train, valid = list(split.parts["train"]), list(split.parts["valid"])
    counts = {"train": len({groups[at] for at in train}), "valid": len({groups[at] for at in valid})}
    return [examples[at] for at in train], [examples[at] for at in valid], counts, grouped_by


def _groups(examples: Sequence[Example]) -> list[str]:
    """The group of each; groups that share a prompt become one, so that no prompt stands on both sides."""
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    names = [
        [f"prompt {same_key(item.prompt)}", *([f"group {item.group}"] if item.group else [])]
        for item in examples
    ]
    for prompt, *group in names:
        for name in group:
            leader[first(prompt)] = first(name)
    return [first(prompt) for prompt, *_ in names]


def _both_labels(train: Sequence[Example], material: Material) -> None:
    labels = Counter(item.label for item in train)
    if material.form in ("labels", "verdicts") and len(labels) < 2:
        said = "wanted" if True in labels else "unwanted"
        raise UserError(
            f"{material.files[0].path}: every one of the {len(train)} training examples is {said}; there is nothing to "
            "tell apart, give both kinds"
        )


def _notes(examples: Sequence[Example], material: Material, config: TrainConfig) -> list[str]:
    """Which columns of the data this training does not use."""
    notes = list(material.notes)
    weights = len({item.weight for item in examples}) > 1
    weighable = config.trainer in ("sft", "dpo") or (
        material.form in ("verdicts", "labels") and config.trainer == "reward"
    )
    if weights and not (weighable and config.use_weights and not config.packing):
        notes.append("the column weight is not used: " + _why_no_weights(config, weighable))
    without = sum(item.margin is None for item in examples)
    takes_margins = config.trainer in ("dpo", "reward") and material.form == "pairs"
    if config.use_margins and not takes_margins:
        notes.append(f"--margins is not used: these are {material.form}, no pairs")
    elif config.use_margins:
        if without:
            notes.append(
                f"--margins: {without} of {len(examples)} pairs have none, no distance is asked of them"
            )
    elif without < len(examples):
        notes.append(
            "margins are not used"
            + ("; --margins asks for distances that grow with them" if takes_margins else "")
        )
    return notes


def _uncalibrated(valid: Sequence[Example], material: Material) -> list[str]:
    """That a judge of moments will have no probabilities: they are fitted on what validates."""
    labels = {item.label for item in valid}
    if material.form != "verdicts" or len(labels) == 2:
        return []
    found = "is nothing" if not labels else f"was {'' if True in labels else 'un'}welcome throughout"
    return [
        f"what validates {found}, so no probability can be calibrated on it and the model will judge no moments; "
        + (
            "give others with --valid-data"
            if material.valid_file
            else "raise --valid, or take another --seed"
        )
    ]


def _users_words(examples: Sequence[Example], config: TrainConfig) -> list[str]:
    """That answers of several turns teach the user's words too."""
    if config.trainer == "reward":
        return []
    found = sum(
        any(message.role != "assistant" for message in (*item.answer, *item.rejected)) for item in examples
    )
    if not found:
        return []
    return [
        f"{found} of {len(examples)} answers go on with messages that are not the assistant's, which are learnt as well; "
        "for the assistant's alone, give rows that end with one answer"
    ]


def _opened(examples: Sequence[Example], config: TrainConfig, tokenizer: Any) -> list[str]:
    """That the model writes after another opening than the one it learnt after."""
    item = examples[0]
    if config.trainer == "reward" or config.learn == "action" or not item.answer:
        return []
    prompt, _ = choice_ids(tokenizer, item.prompt, [item.answer])
    more = prompt_ids(tokenizer, item.prompt)[len(prompt) :]
    if not more:
        return []
    return [
        f"the chat template opens a turn that is to be written with {tokenizer.decode(more)!r}, and one that is learnt "
        "without it: what is learnt stands elsewhere than what will be written; give the base a template that opens both alike"
    ]


def _why_no_weights(config: TrainConfig, weighable: bool) -> str:
    if not weighable:
        return f"{config.trainer} has no weight per row"
    return "packing puts several rows into one" if config.packing else "--no-weights"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {why}" for why, count in counts.most_common()) or "it is empty"
