"""Could the tests fail? Puts one small fault at a time into a copy of the code, and names those that no test notices.

python tools/mutants.py              all; half an hour on two free cores
python tools/mutants.py gate cache   some rooms
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

T = TypeVar("T")
REPO = Path(__file__).parents[1]
AT_A_TIME = 2
LONGEST_S = 600
"""A fault that hangs its tests is noticed too."""


class Mutant(NamedTuple):
    """`old` becomes `new` at its first place in `file`; `tests` must fail then."""

    room: str
    file: str
    old: str
    new: str
    tests: str


GATE = "tests/reward/gate/test_rule.py tests/reward/gate/test_promise.py tests/reward/gate/test_losses.py tests/reward/gate/test_betting.py"
RUNS = "tests/runs/test_resume.py tests/runs/test_spending.py tests/runs/test_stopping.py tests/runs/test_sessions.py tests/runs/running"
STATS = "tests/stats"
PAIRS = "tests/calibration/test_pairs.py"
CACHE = "tests/llm/test_cache.py tests/llm/test_client.py"
SANDBOX = "tests/sandbox/test_honest.py tests/sandbox/test_cheats.py tests/sandbox/test_faults.py tests/sandbox/verdict tests/sandbox/test_values.py"
ACTIVITY = "tests/data/activity"
GYM = "tests/gym/play tests/cli/gym/test_run.py tests/data/formats/test_episodes.py"
CARD = "tests/gym/card tests/gym/fitting"
SLOW_TOO = {ACTIVITY, GYM, CARD}
"""Whose slow tests are needed."""
_RULE, _LOSSES, _PROMISE = (f"reward/gate/{name}.py" for name in ("rule", "losses", "promise"))
_BETTING, _CONFORMAL = "reward/gate/betting.py", "reward/gate/conformal.py"
_INTAKE, _SESSION = "runs/running/intake.py", "runs/running/session.py"
_RUNNER, _BOOTSTRAP, _SHARES = "runs/running/runner.py", "stats/bootstrap.py", "stats/shares.py"
_PAIRS, _CACHE, _CLIENT = "calibration/pairs.py", "llm/cache.py", "llm/client.py"
_CHECK, _COMPARE, _PROGRESS = (f"sandbox/verdict/{name}.py" for name in ("check", "compare", "progress"))
_ENDING, _FITTING = "sandbox/verdict/ending.py", "policy/fitting.py"

_REDACTOR, _SHADOWS, _WEB, _NAMES = (
    f"data/activity/redacting/{name}.py" for name in ("redactor", "shadows", "web", "names")
)
_LAYOUT, _PARTING = (f"data/activity/timeline/{name}.py" for name in ("layout", "sessions"))

MUTANTS = [
    Mutant("gate", _RULE, "np.where(p >= high, SPEAK", "np.where(p > high, SPEAK", GATE),
    Mutant("gate", _RULE, "np.where(p < low, SILENT", "np.where(p <= low, SILENT", GATE),
    Mutant("gate", _RULE, "np.where(np.isnan(p), ABSTAIN, found)", "np.where(np.isnan(p), SILENT, found)", GATE),
    Mutant("gate", _RULE, "(self.judge, self.model) == (judge.name, fingerprint)", "self.judge == judge.name", GATE + " tests/reward/gate/test_store.py"),
    Mutant("gate", _LOSSES, "np.where(said > 0, false_alarms / np.maximum(said, 1), alpha)", "false_alarms / np.maximum(said, 1)", GATE),
    Mutant("gate", _BETTING, "np.cumprod(rejected, axis=-1).sum(axis=-1) - 1", "rejected.sum(axis=-1) - 1", GATE),
    Mutant("gate", _CONFORMAL, "(losses.sum(axis=-2) + 1) / (sessions + 1)", "losses.sum(axis=-2) / sessions", GATE),
    Mutant("runner", _INTAKE, "row.record_hash == digest else None", "row.record_hash else None", RUNS),
    Mutant("runner", _INTAKE, "not row.damaged and row.record_hash", "row.record_hash", RUNS + " tests/runs/store"),
    Mutant("runner", _SESSION, "(result.usage or Usage()) + (previous.result.usage or Usage())", "(result.usage or Usage())", RUNS),
    Mutant("runner", _SESSION, "previous.attempts + 1 if", "previous.attempts if", RUNS),
    Mutant("runner", _SESSION, "self._in_a_row + 1 if result.error == Outcome.OUT_OF_REACH else 0", "self._in_a_row + (result.error == Outcome.OUT_OF_REACH)", RUNS),
    Mutant("runner", _INTAKE, "0 <= row.ordinal < ordinal", "0 < row.ordinal < ordinal", RUNS),
    Mutant("runner", _RUNNER, '"done" if whole else "interrupted"', '"done"', RUNS),
    Mutant("statistics", _BOOTSTRAP, "stdtrit(groups - 1, 0.975)", "stdtrit(groups, 0.975)", STATS),
    Mutant("statistics", _BOOTSTRAP, "len(known) < 0.9 * len(draws)", "len(known) < 0.1 * len(draws)", STATS),
    Mutant("statistics", _BOOTSTRAP, "means.mean())\n    if len(means) < FEWEST_GROUPS or", "means.mean())\n    if", STATS),
    Mutant("statistics", _SHARES, "max(0.0, centre - half), min(1.0, centre + half)", "max(0.0, p - half), min(1.0, p + half)", STATS + " tests/feedback/report"),
    Mutant("statistics", "stats/auroc.py", "np.cumsum(below, axis=1) - below / 2", "np.cumsum(below, axis=1)", STATS + " tests/evaluation/judges/test_measures.py"),
    Mutant("statistics", "stats/calibration.py", 'edges, p, side="left"', 'edges, p, side="right"', STATS + " tests/evaluation/judges/test_measures.py tests/evaluation/feedback/test_measures.py"),
    Mutant("statistics", _SHARES, 'alternative="less"', 'alternative="two-sided"', STATS + " tests/evaluation/suggestions/test_measure.py"),
    Mutant("pairs", _PAIRS, "_is_tie(margin) or margin <", "margin <", PAIRS),
    Mutant("pairs", _PAIRS, "< len(items) for items in by_action", "< 0 for items in by_action", PAIRS),
    Mutant("pairs", _PAIRS, 'persona=None if self.config.view == "policy" else key.persona', "persona=key.persona", PAIRS),
    Mutant("pairs", _PAIRS, 'if message.role != "system"', "if message.role", PAIRS),
    Mutant("pairs", _PAIRS, "(row.won - row.lost) * row.mean_difference < 0", "(row.won - row.lost) * row.mean_difference <= 0", PAIRS),
    Mutant("pairs", _PAIRS, "strip_thoughts(step.message)", "step.message", PAIRS),
    Mutant("cache", _CACHE, "_digest(key, usage, body) != digest", "_digest(key, usage, body) == b''", CACHE),
    Mutant("cache", _CACHE, "messages = excluded.messages, invalid = 0", "messages = excluded.messages", CACHE),
    Mutant("cache", _CACHE, 'b"\\x00".join(parts)', 'b"".join(parts[:1])', CACHE),
    Mutant("cache", _CACHE, "elif version != _VERSION:", "elif version < 0:", CACHE),
    Mutant("cache", _CACHE, "os.O_CREAT | os.O_RDWR, 0o600", "os.O_CREAT | os.O_RDWR, 0o644", CACHE + " tests/llm/test_privacy.py"),
    Mutant("cache", _CLIENT, "schema_text(reply_type) if reply_type is not None else None,", "None,", CACHE),
    Mutant("cache", _CLIENT, "            sample,\n        )", "        )", CACHE),
    Mutant("sandbox", _COMPARE, "return len(left) == len(right) and all(map(equal, left, right))", "return all(map(equal, left, right))", SANDBOX),
    Mutant("sandbox", _COMPARE, "found not in by_key or not equal(item, by_key.pop(found))", "by_key.pop(found, None) is None", SANDBOX),
    Mutant("sandbox", _CHECK, "if left.bit_length() * abs(right) > _MAX_POWER_BITS and abs(left) > 1:", "if False:", SANDBOX + " tests/sandbox/test_attacks.py"),
    Mutant("sandbox", _PROGRESS, "self._failure = self._failure or (outcome, detail)", "self._failure = (outcome, detail)", SANDBOX),
    Mutant("sandbox", _PROGRESS, "if len(self._done) != len(self._plans):", "if False:", SANDBOX),
    Mutant("sandbox", _ENDING, "if ended.cpu_s >= cpu_limit_s(job):", "if False:", SANDBOX),
    Mutant("gym", "gym/play/deciding.py", "due = now // self.events > (now", "due = now // self.events >= (now", GYM),
    Mutant("gym", "gym/play/episode.py", 'world.history.accepted + (reacted.verdict == "accepted")', "world.history.accepted + 1", GYM),
    Mutant("gym", "gym/play/episode.py", "max(0.0, (now - world.shown_at).total_seconds())", "0.0", GYM),
    Mutant("gym", "gym/play/episode.py", "replace(said, shown=False)", "said", GYM),
    Mutant("gym", "gym/play/episode.py", "            if not world.steps:\n                raise\n", "", GYM),
    Mutant("gym", "gym/play/asking.py", "for draw in range(DRAWS)", "for draw in range(1)", GYM),
    Mutant("gym", "gym/play/asking.py", "self.sample + draw * _APART", "self.sample", GYM),
    Mutant("gym", "text/quoting/fence.py", "mark_for(tuple(texts.values()), 12)", '"0" * 12', GYM),
    Mutant("gym", "gym/play/shown.py", "return visible(shortened(world.background", "return (shortened(world.background", GYM),
    Mutant("gym", "gym/play/environment.py", "sorted(reply.events[:MOST_EVENTS], key=lambda one: one.after_s)", "reply.events[:MOST_EVENTS]", GYM),
    Mutant("gym", "gym/play/environment.py", "if (name := one.entity.strip().casefold()) in known", "if (name := one.entity.strip().casefold()) is not None", GYM),
    Mutant("gym", "gym/casting.py", "Speaker(model, play.pass_index,", "Speaker(model, 0,", GYM),
    Mutant("gym", "data/formats/episodes.py", 'right = found.verdict == "accepted"', 'right = found.verdict != "rejected"', GYM),
    Mutant("gym", "data/formats/episodes.py", "right = not found.help_wanted", "right = True", GYM),
    Mutant("gym", "api/gym/deciding.py", 'gate.decide(acceptance).action == "speak"', 'gate.decide(acceptance).action != "silent"', "tests/cli/gym/test_deciding.py"),
    Mutant("gym", "api/gym/deciding.py", "    gate.check(judge)\n", "", "tests/cli/gym/test_deciding.py"),
    Mutant("gym", "api/gym/run.py", 'update={"assistant_hash": digest}', "update={}", "tests/cli/gym/test_deciding.py"),
    Mutant("card", "gym/card/types.py", "self.figure.groups < FEWEST_GROUPS", "self.figure.groups < 0", CARD),
    Mutant("card", "gym/card/types.py", "return abs(figure) > self.value", "return figure > self.value", CARD),
    Mutant("card", "gym/card/users.py", "refused[one.user] += not one.accepted", "refused[one.user] += 1", CARD),
    Mutant("card", "gym/card/users.py", "    if any(not step.carried_out for step in before):\n        return True\n", "", CARD),
    Mutant("card", "gym/card/users.py", 'return {"gap": each[:, 0] - each[:, 1]}', 'return {"gap": each[:, 0]}', CARD),
    Mutant("card", "gym/card/log.py", "refused += not accepted", "refused += 1", CARD),
    Mutant("card", "gym/card/log.py", "points.setdefault(place, Point", "points.setdefault((*place, moment.id), Point", CARD),
    Mutant("card", "gym/card/log.py", "if not events[0].time.startswith(_IN_WORDS)", "if True", CARD),
    Mutant("card", "gym/card/stream.py", "if 2 * len(part) >= size", "if True", CARD),
    Mutant("card", "gym/card/stream.py", "if one != group and spoken[one] == spoken[group]", "", CARD),
    Mutant("card", "gym/card/telling.py", "fold_of |= group_folds(", "fold_of = group_folds(", CARD),
    Mutant("card", "gym/card/ranking.py", "miss=miss), len(one.open_rounds)", "miss=miss), 1", CARD),
    Mutant("card", "gym/card/ranking.py", "if _is_clear(gap)", "", CARD),
    Mutant("card", "gym/fitting/gaps.py", "one - shift for one", "one for one", CARD),
    Mutant("card", "gym/fitting/taking.py", "_PRIOR_POINTS * start.at(name)", "0", CARD),
    Mutant("card", "gym/fitting/taking.py", "min(1.0, fit / enough_overlap)", "1.0", CARD),
    Mutant("card", "gym/fitting/fit.py", "or begun < _FEWEST_FAILURES", "", CARD),
    # those that the project was once found not to notice
    Mutant("named", _BOOTSTRAP, "stdtrit(groups - 1, 0.975)", "stdtrit(groups - 1, 0.75)", STATS),
    Mutant("named", _BOOTSTRAP, "confidence_level=1 - 2 * tail(len(means))", "confidence_level=0.9", STATS),
    Mutant("named", _FITTING, "bounds=[*map(_sign, FEATURES), (None, None)] * steps", "bounds=None", "tests/policy/test_embedded.py"),
    Mutant("named", "evaluation/gates/measure.py", "sums.sum(axis=0) - sums, axis=1", "sums.sum(axis=0) + 0 * sums, axis=1", "tests/evaluation/gates/test_measure.py"),
    Mutant("named", _RUNNER, "info.unfinished_usage + executor.unfinished", "info.unfinished_usage", RUNS),
    Mutant("named", "runs/store/state.py", '"total(cost_usd), count(*) - count(cost_usd), total(estimated) FROM results"', '"total(cost_usd), count(*) - count(cost_usd), total(estimated) FROM results WHERE ordinal >= 0"', RUNS),
    Mutant("named", _CLIENT, "            self._endpoint.base_url,\n            self.name", "            self.name", CACHE),
    Mutant("named", _CLIENT, "(message.role, message.content) for", "message.content for", CACHE),
    Mutant("named", _CLIENT, "options.temperature, options.top_p, ", "options.temperature, ", CACHE),
    Mutant("named", _CLIENT, "options.max_tokens, options.seed)", "options.max_tokens)", CACHE),
    Mutant("named", "llm/wire/refusals.py", "        wait_s = named_wait_s(headers, said.all)", "        wait_s = None", "tests/llm/wire tests/llm/test_client.py"),
    Mutant("named", "llm/wire/usage.py", "if not 0 < prompt <= most_prompt or not 0 <= completion <= (most_completion or _ABSURD):", "if False:", "tests/llm/wire/test_usage.py tests/llm/spending/test_budget.py"),
    Mutant("named", _INTAKE, "self._state.vacate_from(self.read)", "pass", RUNS),
    Mutant("named", "reward/embedded/model.py", "if (alone.p_accept or 0.0) < (found[at].p_accept or 0.0):", "if False:", "tests/reward/embedded/test_model.py"),
    Mutant("named", _PAIRS, "yield max(ranked, key=_reward), min(ranked", "yield max(reversed(ranked), key=_reward), min(ranked", PAIRS),
    Mutant("named", "feedback/training/pairs.py", "break  # the first accepted answer", "continue  # the first accepted answer", "tests/feedback/training"),
    Mutant("named", _PAIRS, "margin < self.config.min_margin - 1e-9", "margin <= self.config.min_margin + 1e-9", PAIRS),
    Mutant("named", _FITTING, "simplest = max(i for i", "simplest = min(i for i", "tests/policy/test_embedded.py"),
    Mutant("named", _LOSSES, 'seeded("gate-order", *order).shuffle(order)', "pass", GATE),
    Mutant("named", _RULE, "np.array(max(self.threshold or 0.0, self.floor))", "np.array(self.threshold or 0.0)", GATE),
    Mutant("activity", _REDACTOR, "self._deny.match(texts_of(dict(event.data)))", "self._deny.match((title,))", ACTIVITY),
    Mutant("activity", _REDACTOR, "told = self._names.cut(told", "told = (lambda text, mark: text)(told", ACTIVITY),
    Mutant("activity", _REDACTOR, "told = redaction.text(told)", "pass", ACTIVITY),
    Mutant("activity", _REDACTOR, 'not in (None, False, 0, "", "false"', 'in (True,) and value not in (None, "false"', ACTIVITY),
    Mutant("activity", _SHADOWS, "if shows or (alike and apart <= _NEAR):", "if alike and apart <= _NEAR:", ACTIVITY),
    Mutant("activity", _SHADOWS, "return inside >= 0 and 2 * inside >= event.end - event.start", "return inside >= 0", ACTIVITY),
    Mutant("activity", _WEB, "_PAIRS.sub(lambda found: cut(), _URL.sub(shorter, text))", "_URL.sub(shorter, text)", ACTIVITY),
    Mutant("activity", _WEB, "path = unquote(unquote(parts.path))", "path = parts.path", ACTIVITY),
    Mutant("activity", _NAMES, "found |= {word for name in found for word in name.split()}", "pass", ACTIVITY),
    Mutant("activity", _LAYOUT, "for away in (False, True)", "for away in (True,)", ACTIVITY),
    Mutant("activity", _PARTING, "if pause > gap:", "if pause >= gap:", ACTIVITY),
    Mutant("activity", _PARTING, "worked=one.worked + other.worked", "worked=one.worked", ACTIVITY),
    Mutant("activity", "data/activity/telling/model.py", "Redaction().text(sentence) for sentence", "sentence for sentence", ACTIVITY),
    Mutant("activity", "text/addresses.py", "return ip_address(host.strip(\"[]\")).is_loopback", "return ip_address(host.strip(\"[]\")).is_private", "tests/text/test_addresses.py"),
]  # fmt: skip


def passes(tests: str, copy: Path) -> bool:
    """Whether these tests pass on a copy of the code, in time."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests.split()]
    words += ["-m", "not soak and not live and not gpu"] if tests in SLOW_TOO else []
    environment = os.environ | {"PYTHONPATH": f"{copy}/src"}
    try:
        return not subprocess.run(
            words, cwd=copy, capture_output=True, timeout=LONGEST_S, env=environment
        ).returncode
    except subprocess.TimeoutExpired:
        return False


def survives(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests still pass with the fault in. Raises: ValueError where there is no such place any more."""
    path = copy / "src/tactful" / mutant.file
    whole = path.read_text(encoding="utf-8")
    if mutant.old not in whole:
        raise ValueError(f"{mutant.file} no longer holds: {mutant.old}")
    path.write_text(whole.replace(mutant.old, mutant.new, 1), encoding="utf-8")
    try:
        return passes(mutant.tests, copy)
    finally:
        path.write_text(whole, encoding="utf-8")


def on_copies(work: Callable[[T, Path], bool], items: list[T]) -> Iterator[tuple[T, bool]]:
    """Each item and what `work` says of it on a copy of its own, in order."""
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_A_TIME):
            copy = Path(folder) / str(number)
            for name in ("src", "tests"):
                shutil.copytree(REPO / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(REPO / "pyproject.toml", copy)
            copies.put(copy)

        def one(item: T) -> bool:
            copy = copies.get()
            try:
                return work(item, copy)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(AT_A_TIME) as pool:
            yield from zip(items, pool.map(one, items), strict=True)


def main() -> None:
    """Report each room; exit 1 when any survives."""
    rooms = sys.argv[1:]
    mutants = [one for one in MUTANTS if not rooms or one.room in rooms]
    for tests, passed in on_copies(passes, list(dict.fromkeys(one.tests for one in mutants))):
        if not passed:
            sys.exit(f"these fail without any fault: {tests}")
    alive = []
    for mutant, survived in on_copies(survives, mutants):
        print(
            f"{'SURVIVES' if survived else 'killed':9}{mutant.room:12}{mutant.file}: {mutant.old!r} -> {mutant.new!r}",
            flush=True,
        )
        alive += [mutant] if survived else []
    for room in dict.fromkeys(one.room for one in mutants):
        print(
            f"{room}: {sum(one.room == room for one in mutants)} tried, {sum(one.room == room for one in alive)} survive"
        )
    sys.exit(bool(alive))


if __name__ == "__main__":
    main()
