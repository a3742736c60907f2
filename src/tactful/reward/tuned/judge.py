"""`tactful train reward` on moments left a folder: the model in it judges moments, as a calibrated probability.

The prompt is the one that prompted judges get; no text is written, the head gives one number. torch is imported, and the
weights are read, when the first moment is judged or by `ready`, and then kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.errors import UserError
from tactful.reward.judging.prompt import MAX_CHARS, PROMPT, judge_prompt
from tactful.reward.tuned.scale import JudgeFile, Scale, load_scales
from tactful.reward.types import Acceptance, JudgeAtOnce, how_welcome
from tactful.types import Moment, content_hash
from tactful.weights import Loaded, Manifest, load_trained, prompt_ids, read_manifest
from tactful.weights.extras import need

TOKENS_AT_ONCE = 4096
"""Of a batch, padding included."""
_LEAST_CHARS = 100


class TunedJudge(JudgeAtOnce):
    """A `TrainedJudge` from a fine-tuned language model.

    The verdict is `accepted` iff p_accept reaches the base rate of such moments. p_need of a proposal is what the
    silence at the same moment would get, turned round.
    """

    def __init__(self, folder: Path, manifest: Manifest, scales: JudgeFile) -> None:
        self.folder = folder
        self.manifest = manifest
        self.scales = scales
        self._loaded: Loaded | None = None
        self._lock = threading.Lock()

    @classmethod
    def load(cls, folder: Path | str) -> TunedJudge:
        """The judge in a finished folder; its weights are read when it first judges.

        Raises: UserError for a folder that is not finished, was trained to do something else, was never calibrated, or
        knows another wording of the prompt.
        """
        path = Path(folder)
        manifest = read_manifest(path)
        if manifest.head != "score" or manifest.form != "verdicts":
            raise UserError(
                f"{path}: was trained by 'train {manifest.trainer}' on {manifest.form}, so it does not judge moments; give "
                "a folder of 'tactful train reward' on labelled moments"
            )
        if manifest.prompts.get(PROMPT.prompt_id) != PROMPT.hash:
            raise UserError(
                f"{path}: was trained on another wording of the prompt {PROMPT.prompt_id}; train it again"
            )
        return cls(path, manifest, load_scales(path))

    @property
    def name(self) -> str:
        """`tuned (smollm2)`: with its base."""
        return f"tuned ({Path(self.manifest.base).name})"

    @property
    def fingerprint(self) -> str:
        """Hash of all files that decide: a gate belongs to the model that has the same."""
        return content_hash("\n".join(f"{name} {sha}" for name, sha in sorted(self.manifest.files.items())))

    @property
    def sessions(self) -> tuple[str, ...]:
        """What it was trained and validated on."""
        return self.scales.sessions

    def ready(self) -> TunedJudge:
        """Itself, its weights read. Raises: UserError, DataError or MissingExtra where they cannot be."""
        with self._lock:
            self._opened()
        return self

    def _opened(self) -> Loaded:
        """Its model; the caller holds the lock."""
        if self._loaded is None:
            self._loaded = load_trained(self.folder, merge=True)
        return self._loaded

    def base_rate(self, moment: Moment) -> float:
        """The base rate that p_accept of such a moment is meant at, in [0, 1]; 0.5 where it is not judged."""
        scale = self._scale(moment)
        return 0.5 if scale is None else scale.base_rate

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in the order of `moments`."""
        silences = [moment.model_copy(update={"proposal": None}) for moment in moments]
        quiet = silences if self.scales.silences is not None else []
        numbers = self._numbers([*moments, *quiet])
        found = [self._accept(*one) for one in zip([*moments, *quiet], numbers, strict=True)]
        p_quiet = found[len(moments) :] or [None] * len(moments)
        return [
            self._acceptance(*one, explain) for one in zip(moments, numbers, found, p_quiet, strict=False)
        ]

    def _acceptance(
        self,
        moment: Moment,
        number: float | None,
        p_accept: float | None,
        p_quiet: float | None,
        explain: bool,
    ) -> Acceptance:
        if p_accept is None:
            return Acceptance.unscored(moment.id, reason=self._why_not(number))
        rate = self.base_rate(moment)
        return Acceptance(
            moment_id=moment.id,
            p_accept=p_accept,
            p_need=None if p_quiet is None else 1 - p_quiet,
            accepted=p_accept >= rate,
            reason=f"{how_welcome(moment, p_accept, rate)}." if explain else "",
        )

    def _accept(self, moment: Moment, number: float | None) -> float | None:
        scale = self._scale(moment)
        return None if scale is None or number is None else float(scale.probability(np.array([number]))[0])

    def _scale(self, moment: Moment) -> Scale | None:
        return self.scales.silences if moment.proposal is None else self.scales.proposals

    def _why_not(self, number: float | None) -> str:
        if number is None:
            return f"even its last event is longer than the {self.scales.max_length} tokens that this model was trained on"
        return "this model was not trained on moments of this kind"

    def _numbers(self, moments: Sequence[Moment]) -> list[float | None]:
        """The head's number of each moment; None for one that is too long."""
        with self._lock:
            opened = self._opened()
            tokenizer = opened.tokenizer
            rows = [fitting_ids(tokenizer, moment, self.scales.max_length) for moment in moments]
            once = list(dict.fromkeys(tuple(row) for row in rows if row is not None))
            found = dict(zip(once, map(float, score_rows(opened, once)), strict=True))
            return [None if row is None else found[tuple(row)] for row in rows]


def fitting_ids(tokenizer: Any, moment: Moment, limit: int) -> list[int] | None:
    """The tokens of a moment; of one that is longer than `limit`, the latest events. None where none of them fits."""
    chars = MAX_CHARS
    while chars >= _LEAST_CHARS:
        ids = prompt_ids(tokenizer, judge_prompt(moment, max_chars=chars).messages)
        if len(ids) <= limit:
            return ids
        chars //= 2
    return None


def score_rows(opened: Loaded, rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """The head's number of each row of tokens, in order; rows of like length go through the model together."""
    (torch,) = need("torch", what="judging by a tuned model")
    numbers = np.zeros(len(rows))
    order = sorted(range(len(rows)), key=lambda at: len(rows[at]), reverse=True)
    while order:
        width = max(1, TOKENS_AT_ONCE // len(rows[order[0]]))
        batch, order = order[:width], order[width:]
        ids = [{"input_ids": list(rows[at])} for at in batch]
        given = opened.tokenizer.pad(ids, padding_side="right", return_tensors="pt").to(opened.model.device)
        with torch.inference_mode():
            logits = opened.model(
                input_ids=given["input_ids"], attention_mask=given["attention_mask"], use_cache=False
            ).logits
        numbers[batch] = logits.squeeze(-1).float().cpu().numpy()
    return numbers
