"""The loop closed: roll out the current policy, reward, pair, train, measure on held-out tasks, and again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast

from tactful.api.calibrate.evaluate import EvaluateOptions, evaluate
from tactful.api.calibrate.pairs import pairs
from tactful.api.calibrate.reward import RewardOptions, reward
from tactful.api.calibrate.rollout import RolloutOptions, rollout
from tactful.api.calibrate.states import names_a_domain, states
from tactful.api.loading import load
from tactful.api.options import ExecutorOptions, ModelOptions, executor_options, run_options, takes
from tactful.api.runs import Run
from tactful.api.tables import Table
from tactful.errors import ConfigChanged, UsageError, UserError

if TYPE_CHECKING:
    from tactful.evaluation.policies.rounds import Iterated, Round
    from tactful.types import Policy, PreferencePair, State

FILE_NAME = "iterate.json"
_TASKS = 60
"""That are drawn of a domain unless told otherwise."""
_TEXTS = ("config", "train_config")
"""Settings that are the text of a file."""


class IterateOptions(ModelOptions, ExecutorOptions, total=False):
    """What may be given to `iterate` beside states, model, rounds and folder."""

    n: int | None
    """Tasks that are drawn, where `states` is a domain; default 60."""
    held_out: float
    """Share of the base tasks that no round trains on; default 0.3."""
    start: str
    """Who plays the first round: `random` (default), `rule` or `policy:PATH`."""
    train: Literal["embedded", "dpo"]
    """`dpo`: a language model, with `base`."""
    base: str | None
    """dpo: a name on the Hub, a folder, a .gguf file, or `smollm2`."""
    train_config: Path | str | None
    """dpo: TOML of `tactful.training.TrainConfig`."""
    actions: str
    config: Path | str | None
    """TOML of the reward's form and constants."""
    passes: int
    """Repeats of each task in a rollout, and in the measure; default 1."""
    user_model: str
    seed: int
    concurrency: int
    cache: Path | str | None
    unsafe_exec: bool
    progress: Literal["auto", "rich", "plain", "off"]
    say: Callable[[str], None]
    """Told each step."""


class Loop:
    """How a loop stands: its rounds, their table, the policy to keep."""

    def __init__(self, folder: Path, found: Iterated) -> None:
        self.folder = folder
        self.found = found
        """Every figure, as in `iterate.json`."""

    @property
    def policy(self) -> Path | None:
        """The policy of the last round whose gain was shown; None when none was."""
        return self.folder / self.found.best if self.found.best else None

    def table(self) -> Table:
        """A row for each round."""
        heads = ("round", "played by", "pairs", "reward", "gain", "over the best fixed")
        cells = [one.cells() for one in self.found.rounds]
        note = "Held-out tasks; gain: over who played, paired by task, user and luck; 95% intervals by base task."
        return Table(heads, cells, [one.model_dump(mode="json") for one in self.found.rounds], note)

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@takes(IterateOptions)
def iterate(
    source: str | Path, *, model: str, rounds: int, out: Path | str, **options: Unpack[IterateOptions]
) -> Loop:
    """At most `rounds` rounds of rollout, reward, pairs, training and measuring, in the folder `out`.

    `source`: a domain with bundled tasks, or a file of states. `model` plays the assistant; `offline` rehearses. Each
    round trains anew on the pairs of all rounds. It stops where the gain's interval does not lie above 0. Called again
    on the same folder it goes on at its last finished step; equal settings give equal figures.

    Raises UserError for tasks that cannot be split; ConfigChanged for a folder that was begun with other settings.
    """
    loop = _Loop(source, model, Path(out), options)
    found = loop.begin()
    with _executor_kept(options):
        while not found.stopped and len(found.rounds) < rounds:
            done = loop.round(len(found.rounds) + 1, found)
            found = loop.keep(found.with_round(done))
    return Loop(Path(out), found)


def _executor_kept(options: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Ray is started once for all steps, where they run on it."""
    chosen = run_options(executor_options(options))
    if chosen.executor == "local":
        return nullcontext()
    from tactful.runs.running.ray.cluster import joined

    return joined(chosen.ray_address, chosen.how_many_workers)


def read_loop(place: Path) -> Loop:
    """The loop in a folder, or of its `iterate.json`. Raises: DataError when it was changed by hand."""
    from tactful.data.sealed import load_document
    from tactful.evaluation.policies.rounds import Iterated

    file = place / FILE_NAME if place.is_dir() else place
    return Loop(file.parent, load_document(file, Iterated, what="loop", again="start a new folder"))


class _Loop:
    """The steps of a round; each leaves a folder or file, and one that is finished is not taken again."""

    def __init__(self, source: str | Path, model: str, out: Path, options: IterateOptions) -> None:
        self.source, self.model, self.out, self.options = source, model, out, options
        self.trainer = options.get("train", "embedded")
        self.seed = options.get("seed", 0)
        if self.trainer == "dpo" and not (options.get("base") or options.get("train_config")):
            raise UsageError(
                "--train dpo trains a language model: say which with --base, such as --base smollm2"
            )
        if self.trainer == "embedded" and (options.get("base") or options.get("train_config")):
            raise UsageError("--base and --train-config are of --train dpo; add it, or leave them out")

    # ---------------------------------------------------------------- what is kept

    def begin(self) -> Iterated:
        """The loop as it stands: new, or gone on with."""
        from tactful.data.io import write_jsonl
        from tactful.evaluation.policies.rounds import Iterated

        new = Iterated(settings=self._settings())
        found = self._found(new.settings)
        if found is None or not self._tasks("test").is_file():
            parts = self._split()
            self._refuse_what_cannot_play(parts)
            self._refuse_what_cannot_train()
            found = found or self.keep(new)
            for name, tasks in parts.items():  # killed among these, it writes them when called again
                write_jsonl(self._tasks(name), tasks)
        return found

    def _found(self, settings: dict[str, Any]) -> Iterated | None:
        """The loop in the folder, begun with these settings; None where none is."""
        from tactful.data.io import is_taken

        if not (self.out / FILE_NAME).is_file():
            if is_taken(self.out):
                raise UserError(
                    f"{self.out}: is not an empty folder, nor one of this loop; give --out a new one"
                )
            return None
        found = read_loop(self.out).found
        differing = [
            key if key in _TEXTS else f"{key} ({found.settings.get(key)})"
            for key, value in settings.items()
            if found.settings.get(key) != value
        ]
        if differing:
            raise ConfigChanged(
                f"{self.out}: was begun with other values of {', '.join(differing)}; give the same again, or "
                "--out a new folder"
            )
        return found

    def keep(self, found: Iterated) -> Iterated:
        """Itself, written down."""
        from tactful.data.sealed import save_document

        save_document(self.out / FILE_NAME, found, replace=True)
        return found

    def _settings(self) -> dict[str, Any]:
        given = self.options
        config, training = given.get("config"), given.get("train_config")
        return {
            "source": str(self.source),
            "model": self.model,
            "train": self.trainer,
            "base": given.get("base"),
            "train_config": Path(training).read_text(encoding="utf-8") if training else None,
            "config": Path(config).read_text(encoding="utf-8") if config else None,
            "n": _TASKS if given.get("n") is None else given["n"],
            "held_out": given.get("held_out", 0.3),
            "start": given.get("start", "random"),
            "actions": given.get("actions", "levels"),
            "passes": given.get("passes", 1),
            "user_model": given.get("user_model", "rules"),
            "seed": self.seed,
        }

    def _split(self) -> dict[str, list[State]]:
        """Tasks to train on and tasks to measure on, by base task."""
        from tactful.data.splits import split_by_group

        drawn = self.options.get("n")
        if drawn is None and names_a_domain(self.source):
            drawn = _TASKS
        tasks = states(self.source, n=drawn, seed=self.seed)
        share = self.options.get("held_out", 0.3)
        parts = split_by_group(
            [task.group for task in tasks],
            {"train": 1 - share, "test": share},
            seed=self.seed,
            grouped_by="base task",
        ).parts
        return {name: [tasks[at] for at in places] for name, places in parts.items()}

    def _refuse_what_cannot_play(self, parts: Mapping[str, Sequence[State]]) -> None:
        """Before settings are written down, which then may not change. Raises: UserError for `start`, `actions`, `config`."""
        from tactful.calibration.play.actions import load_action_space
        from tactful.calibration.play.rollout import check_policy
        from tactful.calibration.reward.rewards import load_reward_config
        from tactful.policy import read_policy

        if config := self.options.get("config"):
            load_reward_config(Path(config))
        start = self.options.get("start", "random")
        if start not in ("random", "rule") and not start.startswith("policy:"):
            raise UsageError(f"--start {start}: expected random, rule or policy:PATH")
        policy = read_policy(Path(start.removeprefix("policy:"))) if start.startswith("policy:") else None
        for domain in sorted({task.domain for tasks in parts.values() for task in tasks}):
            space = load_action_space(self.options.get("actions", "levels"), domain)
            if policy is not None:
                check_policy(policy, space)

    def _refuse_what_cannot_train(self) -> None:
        """Before anything is paid for. Raises: UserError for `base` and `train_config`; MissingExtra."""
        if self.trainer == "dpo":
            from tactful.api.train import training_config
            from tactful.training.pipeline import open_tokenizer

            open_tokenizer(training_config("dpo", **self._training()))

    def _training(self) -> dict[str, Any]:
        return {
            "model": self.options.get("base"),
            "config": self.options.get("train_config"),
            "learn": "action",
            "seed": self.seed,
        }

    def _tasks(self, name: str) -> Path:
        return self.out / f"{name}.jsonl"

    # ---------------------------------------------------------------- a round

    def round(self, number: int, before: Iterated) -> Round:
        """Every step that is not done yet, and what it came to."""
        folder = self.out / f"round-{number}"
        folder.mkdir(exist_ok=True)
        mainline = (
            f"policy:{self.out / before.rounds[-1].policy}"
            if before.rounds
            else self.options.get("start", "random")
        )
        self._say(f"round {number}: {mainline} plays")
        played = self._run(
            folder / "rollout",
            lambda place: rollout(
                self._tasks("train"), model=self.model, **self._playing(number, mainline, place)
            ),
        )
        self._say(f"round {number}: reward and pairs")
        rewarded = self._run(folder / "reward", lambda place: reward(played.folder, **self._rewarding(place)))
        gathered = self._gather(folder, rewarded, number)
        policy = self._trained(folder, gathered)
        self._say(f"round {number}: measuring on held-out tasks")
        return self._measured(number, mainline, policy, len(gathered))

    def _run(self, place: Path, work: Callable[[dict[str, Any]], Run[Any]]) -> Run[Any]:
        """The run in `place`: as it lies where it is finished, else begun or gone on with."""
        from tactful.runs import RunFolder

        if (place / "run.json").is_file() and RunFolder.open(place).standing() == "done":
            found: Run[Any] = load(place)
            return found
        return work(_begun(place))

    def _playing(self, number: int, mainline: str, place: dict[str, Any]) -> RolloutOptions:
        passes, seed = self.options.get("passes", 1), self.seed + number
        options = {**self._shared(), "passes": passes, "seed": seed, "mainline": mainline, **place}
        return cast("RolloutOptions", options)

    def _rewarding(self, place: dict[str, Any]) -> RewardOptions:
        progress = self.options.get("progress", "auto")
        how = {**executor_options(self.options), "progress": progress}
        return cast("RewardOptions", {**self._worth(), **how, "seed": self.seed, **place})

    def _worth(self) -> dict[str, Any]:
        return self._given("config", "unsafe_exec")

    def _shared(self) -> dict[str, Any]:
        playing = ("actions", "user_model", "concurrency", "cache", "progress")
        return self._given(*ModelOptions.__annotations__, *ExecutorOptions.__annotations__, *playing)

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if name in names}

    def _gather(self, folder: Path, rewarded: Run[Any], number: int) -> list[PreferencePair]:
        """The pairs of this round and those before it, in `pairs.jsonl` of the round."""
        from tactful.data.io import read_jsonl, write_jsonl
        from tactful.types import PreferencePair

        file = folder / "pairs.jsonl"
        if not file.is_file():
            shutil.rmtree(folder / "pairs", ignore_errors=True)
            new = pairs(
                rewarded.folder,
                select="all",
                actions=self._own_actions(),
                out=folder / "pairs",
                progress=self.options.get("progress", "auto"),
            )
            before = self.out / f"round-{number - 1}" / "pairs.jsonl"
            old = list(read_jsonl(before, PreferencePair)) if number > 1 else []
            named = [pair.model_copy(update={"id": f"{number}/{pair.id}"}) for pair in new]
            write_jsonl(file, [*old, *named])
        return list(read_jsonl(file, PreferencePair))

    def _trained(self, folder: Path, gathered: Sequence[PreferencePair]) -> Path:
        """The round's policy: a file, or the folder of a language model."""
        if self.trainer == "embedded":
            place = folder / "policy.json"
            if not place.is_file():
                from tactful.api.policy import train_policy

                self._say(f"training on {len(gathered)} pairs")
                train_policy(folder / "pairs.jsonl", actions=self._own_actions(), seed=self.seed).save(place)
            return place
        from tactful.api.train import train_model
        from tactful.weights.types import MANIFEST_FILE

        place = folder / "policy"
        if not (place / MANIFEST_FILE).is_file():
            self._say(f"training {self.options.get('base') or 'a language model'} on {len(gathered)} pairs")
            train_model(
                "dpo",
                folder / "pairs.jsonl",
                out=place,
                resume=place.exists(),
                say=self.options.get("say"),
                **self._training(),
            )
        return place

    def _own_actions(self) -> str | None:
        actions = self.options.get("actions")
        return None if actions in (None, "levels", "clarify-execute") else actions

    # ---------------------------------------------------------------- the measure

    def _measured(self, number: int, mainline: str, policy: Path, count: int) -> Round:
        from tactful.evaluation.policies.rounds import Round

        new, old = f"round {number}", mainline
        against = [_named(policy, new)]
        if mainline.startswith("policy:"):
            old = f"round {number - 1}" if number > 1 else mainline
            against.append(_named(Path(mainline.removeprefix("policy:")), old))
        held = {
            **self._shared(),
            **self._worth(),
            "passes": self.options.get("passes", 1),
            "sweep": False,
            "seed": self.seed,
            **_begun(self.out / "held-out"),
        }
        found = evaluate(
            self._tasks("test"), model=self.model, policies=against, **cast("EvaluateOptions", held)
        ).found
        gaps = {one.baseline: one.difference for one in found.comparisons if one.policy == new}
        mean = next(one for one in found.policies if one.name == new).measures["reward"]
        return Round(
            number=number,
            mainline=old,
            policy=str(policy.relative_to(self.out)),
            pairs=count,
            reward=mean,
            gain=gaps[old],
            over_best_fixed=gaps[found.best_fixed],
            best_fixed=found.best_fixed,
        )

    def _say(self, line: str) -> None:
        if (say := self.options.get("say")) is not None:
            say(line)


def _begun(place: Path) -> dict[str, Any]:
    """Where a run goes, and whether one is gone on with there; what was killed before it was a run is cleared away."""
    resume = (place / "run.json").is_file()
    if place.exists() and not resume:
        shutil.rmtree(place)
    return {"out": place, "resume": resume}


def _named(place: Path, name: str) -> Policy:
    from tactful.policy import read_policy

    return replace(read_policy(place), name=name)
