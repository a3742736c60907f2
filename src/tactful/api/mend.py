"""From logs to a better assistant: learn from what asking and answering led to, and replay what a policy would change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tactful.api.options import run_options
from tactful.api.runs import outside_loop
from tactful.errors import UserError

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.mend.learning.costs import Prices
    from tactful.mend.learning.results import Lesson
    from tactful.mend.pipeline import Talks
    from tactful.mend.replaying.replay import Replay
    from tactful.mend.users.card import UserFit
    from tactful.types import Policy

Logs = Sequence[Path | str] | Path | str
Progress = Literal["auto", "rich", "plain", "off"]


def learn(
    logs: Logs,
    *,
    out: Path | str,
    reader: str = "encoder",
    to: str = "trl",
    prices: Prices | None = None,
    limit: int | None = None,
    resume: bool = False,
    skip_bad: bool = True,
    reading: LogReading | None = None,
    progress: Progress = "auto",
) -> Lesson:
    """What chat logs teach about asking: a policy with costs from the log, a prompt patch, and training rows.

    `logs` may be the folder of an earlier `learn`: then nothing is judged again, other `prices` may be tried, and how logs
    are read (`reader`, `limit`, `skip_bad`, `reading`) is as it was there.
    `out` is a new folder, or with `resume` the one to go on in: `policy.json`, `prompt.md`, `learned.md`, `learned.json`,
    `users.jsonl` where the log names users, `dpo/` in the trainer's form `to`, `kto/` in TRL's. `prices` are what a log cannot tell: how
    much of a solved task an exchange, a complaint and a lost task are worth. `reading`: how the logs are read, as in
    `tf.conversations`.

    Raises DataError for logs in which no assistant answers, UserError for a reader or folder that cannot be used.

    >>> import json, pathlib, tactful as tf
    >>> said = ["Rename a.txt to b.txt.", "Shall I keep the content?", "I already said: just rename it.", "Done."]
    >>> turns = [{"role": role, "content": text} for role, text in zip(["user", "assistant"] * 2, said)]
    >>> _ = pathlib.Path("log.jsonl").write_text(json.dumps({"messages": turns}))
    >>> lesson = tf.learn("log.jsonl", out="learned", progress="off")
    >>> lesson.turns, lesson.costs.from_log  # one conversation teaches nothing, and that is what it says
    (2, False)
    """
    from tactful.data.exporting.forms import form_of
    from tactful.mend.learning.costs import Prices
    from tactful.mend.learning.learn import learn as learned

    form, folder = form_of(to), Path(out)
    talks = _talks(logs, folder, reader, limit, skip_bad, reading, progress, resume=resume)
    folder.mkdir(parents=True, exist_ok=True)
    names = [str(logs)] if isinstance(logs, str | Path) else [str(path) for path in logs]
    source = {"logs": names, "reader": talks.reader}
    return learned(talks, folder, form, prices=prices or Prices(), source=source, read=talks.read)


def replay(
    logs: Logs,
    *,
    policy: Path | str | Policy,
    against: Path | str | Policy | None = None,
    out: Path | str | None = None,
    reader: str = "encoder",
    limit: int | None = None,
    seed: int = 0,
    skip_bad: bool = True,
    reading: LogReading | None = None,
    progress: Progress = "auto",
) -> Replay:
    """What a policy would have decided at every turn of a log, beside what its assistant did, or another policy.

    `logs` may be the folder of `learn`: what was judged there is not judged again, so that `reader`, `limit`, `skip_bad` and
    `reading` do nothing. `policy` is the file of a policy, or
    `cost`, `rule`, `random`, `always-Execute`, `always-Clarify`. Where the assistant's messages carry a `propensity`, the share of right
    decisions is estimated off policy. `out` is a new folder for the run, `replay.md`, `replay.json` and `decisions.jsonl`
    (every turn, for `tactful view`); without it, logs get one in `runs/` (`.folder` names it), and the folder of `learn` none. `reading`: how the logs are read, as in `tf.conversations`.

    Raises UserError for a policy that cannot be opened, DataError for logs in which no assistant answers.
    """
    from tactful.data.io import write_jsonl
    from tactful.data.sealed import save_document
    from tactful.mend.replaying.page import replay_page
    from tactful.mend.replaying.replay import decided
    from tactful.mend.replaying.replay import replay as replayed

    first = _policy(policy)
    second = None if against is None else _policy(against)
    folder = None if out is None else Path(out)
    talks = _talks(logs, folder, reader, limit, skip_bad, reading, progress)
    found = replayed(
        talks,
        first,
        second,
        name=str(policy) if isinstance(policy, Path | str) else "",
        against_name=str(against) if isinstance(against, Path | str) else "",
        seed=seed,
    )
    if folder is None:
        if not talks.read:  # judged before: nothing was written
            return found
        folder = talks.folder.path
    folder.mkdir(parents=True, exist_ok=True)
    told = {"folder": str(folder), "talks": str(talks.folder.path.resolve())}
    found = found.model_copy(update=told)
    save_document(folder / "replay.json", found, beside={"replay.md": replay_page(found)})
    write_jsonl(folder / "decisions.jsonl", decided(talks, first, second, found=found, seed=seed))
    return found


def fit_users(
    logs: Logs,
    *,
    out: Path | str,
    domain: str = "planning",
    tasks: int = 24,
    passes: int = 1,
    reader: str = "encoder",
    limit: int | None = None,
    seed: int = 0,
    skip_bad: bool = True,
    reading: LogReading | None = None,
    progress: Progress = "auto",
) -> UserFit:
    """Simulated users who take questions as a log's users do, how real ours are, and whether policies rank otherwise.

    `logs` may be the folder of `learn`: then the reader is the one that judged there, and `reader`, `limit`, `skip_bad` and
    `reading` (how logs are read, as in `tf.conversations`) do nothing. `out` is a new folder: `personas.toml` for
    `--personas`, `users.json`, `users.md`, and the two evaluations on `tasks` bundled tasks of `domain` (rehearsed: no model
    speaks).

    Raises UserError for logs in which too few users were asked anything.
    """
    from shutil import rmtree

    from tactful.api.calibrate.evaluate import evaluate
    from tactful.api.calibrate.states import states
    from tactful.data.io import write_file
    from tactful.data.sealed import save_document
    from tactful.mend.reading import Remembering
    from tactful.mend.users.card import (
        UserFit,
        notes_of,
        ranking_of,
        realism_card,
        simulated_talks,
        user_lines,
    )
    from tactful.mend.users.fitting import fit_personas, personas_toml
    from tactful.mend.users.manners import Manners
    from tactful.reading.opening import open_embedded_reader

    folder = Path(out)
    if folder.exists():
        raise UserError(f"{folder}: exists already; give --out a new name")
    talks = _talks(logs, folder, reader, limit, skip_bad, reading, progress, beside="log")
    log = Manners.of(talks)
    try:
        personas = fit_personas(log)
    except UserError:
        if folder.exists():  # so that the same command can be given again, with more logs
            rmtree(folder)
        raise
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "personas.toml", [personas_toml(personas).encode()])
    opened = Remembering(open_embedded_reader(talks.reader))
    starts, runs, seen = states(domain, n=tasks, seed=seed), [], []
    for name, chosen in (("built-in", ()), ("fitted", (str(folder / "personas.toml"),))):
        run = evaluate(
            starts,
            personas=chosen,
            unseen_personas=(),
            passes=passes,
            sweep=False,
            seed=seed,
            out=folder / name,
            progress=progress,
        )
        runs.append(run.found)
        seen.append(Manners.of(simulated_talks(run, opened)))
    found = UserFit(
        groups=len(log.questions),
        questions=sum(asked for _, asked in log.questions.values()),
        personas=personas,
        card=realism_card(log, *seen),
        ranking=ranking_of(*runs),
        notes=notes_of(log, seen[0]),
    )
    text = "```text\n" + "\n".join(user_lines(found)) + "\n```\n"
    save_document(folder / "users.json", found, beside={"users.md": f"# Users like the log's\n\n{text}"})
    return found


def _policy(spec: Path | str | Policy) -> Policy:
    from tactful.mend.learning.learn import ACTIONS
    from tactful.policy import open_policy, read_policy, ready

    if isinstance(spec, Path):
        return read_policy(spec)
    if not isinstance(spec, str):
        return ready(spec)
    if spec in ("cost", "rule", "random") or spec.startswith("always-"):
        return open_policy(spec, ACTIONS)
    return read_policy(Path(spec.removeprefix("policy:")))


def _talks(
    logs: Logs,
    out: Path | None,
    reader: str,
    limit: int | None,
    skip_bad: bool,
    reading: LogReading | None,
    progress: Progress,
    *,
    resume: bool = False,
    beside: str = "",
) -> Talks:
    """What was judged in the folder of an earlier `learn`, or the logs judged now: a run in `out`, or in `beside` within.

    Raises UserError where `out` exists and logs were judged before, and for such a folder among others.
    """
    from tactful.data.logs import read_conversations
    from tactful.mend.pipeline import ReadConfig, read_turns, talks_of
    from tactful.reading.opening import open_embedded_reader

    folders = [logs] if isinstance(logs, str | Path) else list(logs)
    judged = [talks for one in folders if (talks := talks_of(Path(one))) is not None]
    if judged and len(folders) > 1:
        first = judged[0].folder.path
        raise UserError(f"{first}: is a folder of 'tactful learn'; give it alone, or the logs that it read")
    if judged:
        if out is not None and out.exists():
            raise UserError(f"{out}: exists already; give --out a new name")
        return judged[0]
    open_embedded_reader(reader)  # what is wrong with it is said before a folder is made
    how: LogReading = {"strict": not skip_bad, **(reading or {})}
    log = read_conversations(logs, **how)
    place = None if out is None else out / beside
    options = run_options({"out": place, "limit": limit, "resume": resume, "progress": progress})
    return outside_loop(lambda: read_turns(log, ReadConfig(reader=reader), options))
