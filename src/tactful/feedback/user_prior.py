"""How welcome are questions and proposals to this user, in this context? A Beta–Bernoulli belief that decays.

Each reward counts as |reward| of an observation: +0.8 is 0.8 welcome ones, −1.0 one unwelcome one. Counts
halve every `half_life`, so that a user who has changed is believed again; what is left without news is the prior.
The update is two additions and one multiplication in closed form, and scipy gives the intervals: a bandit library
would add an exploration policy that nobody may want on real users, and state that cannot be stored in two numbers.

Stored in SQLite (WAL, `synchronous=FULL`): an update that returned survives the machine's end. Several processes
may share the file; each update is one transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from tactful.errors import DataError, UserError
from tactful.feedback.types import TurnJudgement
from tactful.runs.store.files import make_private_file
from tactful.types import Record, UserHistory

Kind = Literal["question", "proposal"]
VERSION = 1
_SCHEMA = """CREATE TABLE IF NOT EXISTS beliefs (
  user TEXT NOT NULL, context TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('question', 'proposal')),
  welcome REAL NOT NULL CHECK (welcome >= 0), unwelcome REAL NOT NULL CHECK (unwelcome >= 0),
  updates INTEGER NOT NULL, updated_at REAL NOT NULL, UNIQUE (user, context, kind))"""


class PriorConfig(Record):
    """What is believed before any news, and how fast news ages."""

    welcome: float = Field(default=2.0, gt=0)
    """α of the prior: as many welcome observations."""
    unwelcome: float = Field(default=1.0, gt=0)
    """β of the prior."""
    half_life_days: float = Field(default=30.0, gt=0)


class Welcome(Record):
    """A belief at one moment."""

    alpha: float = Field(gt=0)
    beta: float = Field(gt=0)
    updates: int
    """Rewards other than 0 that went into it, undecayed."""

    @property
    def mean(self) -> float:
        """Probability in (0, 1) that the next one is welcome."""
        return self.alpha / (self.alpha + self.beta)

    def interval(self, share: float = 0.9) -> tuple[float, float]:
        """Central credible interval that holds `share` of the belief."""
        from scipy.stats import beta

        low, high = beta.interval(share, self.alpha, self.beta)
        return float(low), float(high)


class UserPrior:
    """Beliefs per user, context and kind in the file `path`, made when missing. Close it, or use `with`.

    Raises: UserError when the file is no such store, or comes from a newer Tactful.
    """

    def __init__(self, path: Path | str, config: PriorConfig | None = None) -> None:
        self.path = Path(path)
        self.config = config or PriorConfig()
        try:
            make_private_file(self.path)
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"{self.path}: cannot be opened ({error}); give a file in a folder that is there"
            ) from error
        try:
            with self._told():
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
                if version > VERSION:
                    raise UserError(
                        f"{self.path}: is of version {version}, this Tactful reads {VERSION}; update it"
                    )
                self._connection.execute(_SCHEMA)
                self._connection.execute(f"PRAGMA user_version={VERSION}")
        except BaseException:
            self._connection.close()
            raise

    def welcome(
        self, user: str, context: str, kind: Kind = "question", *, at: datetime | None = None
    ) -> Welcome:
        """The belief at the moment `at` (aware; default now)."""
        welcome, unwelcome, updates = self._counts(user, context, kind, _seconds(at))
        return Welcome(
            alpha=self.config.welcome + welcome, beta=self.config.unwelcome + unwelcome, updates=updates
        )

    def update(
        self,
        user: str,
        context: str,
        judgement: TurnJudgement,
        kind: Kind = "question",
        *,
        at: datetime | None = None,
    ) -> Welcome:
        """Take in what the user's next message said of an answer that asked or proposed; the new belief.

        A judgement that is unscored, below τ_c, or without reward changes nothing: it is no evidence.
        """
        reward = judgement.reward if judgement.should_update else None
        if reward:
            self._add(user, context, kind, reward, _seconds(at))
        return self.welcome(user, context, kind, at=at)

    def history(self, user: str, context: str, *, at: datetime | None = None) -> UserHistory:
        """The belief as what a policy takes: rounded, decayed counts of questions, answered and rejected ones."""
        welcome, unwelcome, _ = self._counts(user, context, "question", _seconds(at))
        answered, rejected = round(welcome), round(unwelcome)
        return UserHistory(questions=answered + rejected, answered=answered, rejected=rejected)

    def forget(self, user: str) -> int:
        """Delete everything about a user; how many beliefs there were."""
        with self._told():
            return self._connection.execute("DELETE FROM beliefs WHERE user=?", (user,)).rowcount

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _counts(self, user: str, context: str, kind: Kind, now: float) -> tuple[float, float, int]:
        """(welcome, unwelcome, updates) without the prior, decayed to `now`; a clock set back decays nothing."""
        with self._told():
            row = self._connection.execute(
                "SELECT welcome, unwelcome, updates, updated_at FROM beliefs WHERE user=? AND context=? AND kind=?",
                (user, context, kind),
            ).fetchone()
        if row is None:
            return 0.0, 0.0, 0
        kept = 0.5 ** (max(0.0, now - row[3]) / timedelta(days=self.config.half_life_days).total_seconds())
        return row[0] * kept, row[1] * kept, row[2]

    def _add(self, user: str, context: str, kind: Kind, reward: float, now: float) -> None:
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                welcome, unwelcome, updates = self._counts(user, context, kind, now)
                values = (welcome + max(0.0, reward), unwelcome + max(0.0, -reward), updates + 1, now)
                self._connection.execute(
                    "INSERT INTO beliefs (user, context, kind, welcome, unwelcome, updates, updated_at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user, context, kind) DO UPDATE SET "
                    "welcome=excluded.welcome, unwelcome=excluded.unwelcome, updates=excluded.updates, "
                    "updated_at=max(updated_at, excluded.updated_at)",
                    (user, context, kind, *values),
                )
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise UserError(
                f"{self.path}: {error}; check the folder, the free space and other processes"
            ) from error
        except sqlite3.DatabaseError as error:
            raise DataError.at(
                self.path,
                None,
                f"is no store of user priors ({error})",
                fix="give another path, or restore a copy",
            ) from error


def _seconds(at: datetime | None) -> float:
    """Seconds since 1970. Raises UserError for a time without zone."""
    moment = at or datetime.now(UTC)
    if moment.tzinfo is None:
        raise UserError(
            f"the time {moment.isoformat()} has no zone; give an aware one, such as datetime.now(UTC)"
        )
    return moment.timestamp()
