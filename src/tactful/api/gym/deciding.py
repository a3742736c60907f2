"""A gate or a policy of ours decides on offers: wired here, since the gym knows neither."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import DataError
from tactful.gym.play.deciding import SILENCE, Decider, OwnJudgement, Words, plain_decider, said
from tactful.gym.play.parts import Proposed, Seen
from tactful.types import PublicState, UserHistory, content_hash, seeded

if TYPE_CHECKING:
    from tactful.reward.gate.rule import Gate
    from tactful.reward.types import TrainedJudge
    from tactful.types import Policy


def place_of(spec: str) -> str:
    """Where the gate or policy that is named lies, for other working directories too; empty for who needs no file."""
    kind, colon, place = spec.partition(":")
    return str(Path(place).resolve()) if colon and kind in ("gate", "policy") else ""


def decider_of(spec: str, place: str = "") -> tuple[Decider, str]:
    """(who decides, hash of what that rests on) for `none`, `always`, `every:N`, `gate:FOLDER`, `policy:PATH` or a model.

    What is wrong with a gate or policy is told here, before anything is played. It is opened at `place`, by default where
    the working directory has it.

    Raises: UsageError for an odd number; DataError where there is no gate, model or policy; UserError for a gate that
    was set for another model.
    """
    plain = plain_decider(spec)
    if plain is not None:
        return plain, ""
    path = place or place_of(spec)
    if not path:
        return OwnJudgement(spec), ""
    named = (GateDecider if spec.startswith("gate:") else PolicyDecider)(Path(path), spec)
    found = replace(named, digest=named.read())
    found.ready()
    return found, found.digest


@dataclass(frozen=True)
class GateDecider:
    """Our reward model judges the proposer's best offer, and the gate beside it says whether it is shown."""

    path: Path
    """Folder with the model and its `gate.json`."""
    label: str
    """As it was typed: `gate:runs/gate`"""
    digest: str = ""
    """Hash of both: another process that finds other files opens those, and a run refuses to go on with them."""

    def read(self) -> str:
        """The digest of what lies there now. Raises: DataError where there is no gate."""
        from tactful.reward.embedded.model import MODEL_FILE
        from tactful.reward.gate.store import GATE_FILE
        from tactful.weights.types import MANIFEST_FILE

        return _digest(
            self.path,
            (GATE_FILE, MODEL_FILE, MANIFEST_FILE),
            needs=GATE_FILE,
            fix="make it with 'tactful reward gate MODEL DATA … --out MODEL', and name that folder",
        )

    def ready(self) -> tuple[TrainedJudge, Gate]:
        """Model and gate, read once a process. Raises: DataError, UserError, MissingExtra."""
        return _opened_gate(self.path, self.digest)

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """The offer with its P(accepted), shown where the gate speaks; held back where it is silent or abstains."""
        offer = await words(True)
        if offer is None:
            return SILENCE
        judge, gate = self.ready()
        [acceptance] = judge.judge_now([seen.moment.model_copy(update={"proposal": offer})])
        return Proposed(offer, gate.decide(acceptance).action == "speak", acceptance.p_accept)


@dataclass(frozen=True)
class PolicyDecider:
    """A saved policy decides; its least asking action is silence, any other one an offer of the proposer's best."""

    path: Path
    label: str
    """As it was typed: `policy:policy.json`"""
    digest: str = ""

    def read(self) -> str:
        """The digest of what lies there now. Raises: DataError where there is nothing."""
        from tactful.weights.types import MANIFEST_FILE

        fix = "make one with 'tactful policy train PAIRS --out policy.json'"
        return _digest(self.path, (MANIFEST_FILE,), needs=MANIFEST_FILE, fix=fix)

    def ready(self) -> Policy:
        """The policy, read once a process. Raises: DataError, UserError, MissingExtra."""
        return _opened_policy(self.path, self.digest)

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """The proposer's best, or silence without asking for it."""
        policy = self.ready()
        chosen = policy.act(state_of(seen, policy), seeded(*seen.key, "policy")).action
        return SILENCE if chosen == policy.actions[0] else said(await words(True))


def state_of(seen: Seen, policy: Policy) -> PublicState:
    """A round as a decision point of a policy.

    The request is what has just been seen, clarity and complexity are estimated from its text, and every round is a task
    of its own: offers of before are what is known of this user, an ignored one as a rejection.
    """
    from tactful.policy import domain_for, trained_on
    from tactful.reading.estimate.estimator import domain_estimator
    from tactful.types import State

    domain = seen.setting if seen.setting in trained_on(policy) else domain_for(policy, None)
    query = "\n".join(event.text for event in seen.moment.events[-max(1, seen.fresh) :])
    history = seen.moment.history
    shown, accepted = (history.shown, history.accepted) if history is not None else (0, 0)
    bare = State(
        id=seen.moment.id,
        domain=domain,
        query=query,
        user=UserHistory(tasks=shown, questions=shown, answered=accepted, rejected=shown - accepted),
        group=seen.moment.session,
        lang=seen.lang,
    )
    [complete] = domain_estimator(domain).complete([bare])
    return complete.public()


def _digest(path: Path, names: tuple[str, ...], *, needs: str, fix: str) -> str:
    files = [path / name for name in names] if path.is_dir() else [path]
    found = [file for file in files if file.is_file()]
    if not any(file.name == needs or not path.is_dir() for file in found):
        there = f"holds no {needs}" if path.is_dir() else "no such file or folder"
        raise DataError.at(path, None, there, fix=fix)
    return content_hash("\x1f".join(content_hash(file.read_bytes()) for file in found))


@lru_cache(maxsize=8)
def _opened_gate(path: Path, digest: str) -> tuple[TrainedJudge, Gate]:
    from tactful.reward.gate.store import load_gate
    from tactful.reward.opening import open_judge
    from tactful.types import Preparing

    judge = open_judge(path)
    gate = load_gate(path)
    gate.check(judge)
    if isinstance(judge, Preparing):
        judge.ready()
    return judge, gate


@lru_cache(maxsize=8)
def _opened_policy(path: Path, digest: str) -> Policy:
    from tactful.policy import read_policy, ready

    return ready(read_policy(path))
