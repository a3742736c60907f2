"""Which action now? Fixed, random and rule policies, and those trained on preference pairs: embedded or a language model.

`open_policy("always-LOW" | "random" | "rule" | "cost" | "policy:PATH", actions)` opens any of them by name.
numpy, scipy and torch load only when a policy that needs them is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import DataError, UsageError, UserError
from tactful.policy.cost import CostPolicy
from tactful.policy.simple import FixedPolicy, RandomPolicy, RulePolicy
from tactful.types import Policy, Preparing

if TYPE_CHECKING:
    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.policy.language_model.policy import LanguageModelPolicy


def open_policy(spec: str, actions: tuple[str, ...]) -> Policy:
    """The policy that `spec` names, over `actions` (least to most asking).

    Raises UserError for an unknown name, an unknown fixed action, or a trained policy over other actions.
    """
    if spec == "random":
        return RandomPolicy(actions)
    if spec == "rule":
        return RulePolicy(actions)
    if spec == "cost":
        return CostPolicy(actions)
    if spec.startswith("always-"):
        action = spec.removeprefix("always-")
        if action not in actions:
            raise UserError(f"policy '{spec}': no action '{action}'; the actions are {', '.join(actions)}")
        return FixedPolicy(action, actions)
    if spec.startswith("policy:"):
        policy = read_policy(Path(spec.removeprefix("policy:")))
        if set(policy.actions) != set(actions):
            raise UserError(
                f"policy '{spec}' chooses among {list(policy.actions)}, but the actions are {list(actions)}"
            )
        return ready(policy)
    raise UserError(f"policy '{spec}' is unknown; use cost, rule, random, always-ACTION or policy:PATH")


def ready(policy: Policy) -> Policy:
    """The policy itself, a language model loaded: what is wrong with it is told before anything is played.

    Raises: UserError, DataError or MissingExtra where its model cannot be opened; UsageError for what is no policy.
    """
    if not hasattr(policy, "act"):
        raise UsageError(
            f"{type(policy).__name__} is no policy; tf.load(path) opens one, tf.train_policy makes one"
        )
    if isinstance(policy, Preparing):
        policy.ready()
    return policy


def read_policy(path: Path) -> CostPolicy | EmbeddedPolicy | LanguageModelPolicy:
    """The policy in a file (trained on pairs, or costs learned from a log) or in the folder of a trained language model.

    Raises DataError when the file is missing or holds no policy, UserError for a folder that is none.
    """
    if path.is_dir():
        from tactful.policy.language_model.policy import load_language_model_policy
        from tactful.weights.types import MANIFEST_FILE

        if (inside := path / "policy.json").is_file() and not (path / MANIFEST_FILE).is_file():
            raise DataError.at(path, None, "is a folder", fix=f"give {inside}")
        return load_language_model_policy(path)
    from tactful.policy.cost import load_cost_policy
    from tactful.policy.embedded import load_policy

    return load_cost_policy(path) if _holds_costs(path) else load_policy(path)


def _holds_costs(path: Path) -> bool:
    """Whether a file holds costs learned from a log; one that cannot be read does not: the other reader says why."""
    try:
        with path.open("rb") as file:
            return b"tactful-cost-policy" in file.read(200)
    except OSError:
        return False


def trained_on(policy: Policy) -> list[str]:
    """The domains of a trained policy's pairs; empty when there are none or its file does not say."""
    return list(getattr(policy, "training", {}).get("domains", []))


def domain_for(policy: Policy, given: str | None) -> str:
    """The domain that a state without one is of: the one given, else the policy's own, else coding."""
    if given is not None:
        return given
    domains = trained_on(policy)
    return domains[0] if len(domains) == 1 else "coding"


__all__ = [
    "CostPolicy",
    "FixedPolicy",
    "RandomPolicy",
    "RulePolicy",
    "domain_for",
    "open_policy",
    "read_policy",
    "ready",
    "trained_on",
]
