"""The pages of annotation over HTTP: in a block of a script, or of a coroutine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast

from tactful.api.options import takes
from tactful.api.serving import Served, in_a_thread
from tactful.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from tactful.annotation.services.filling import Filled
    from tactful.annotation.types import Kind
    from tactful.reward.types import TrainedJudge

DATABASE = "annotations.sqlite"
_SETTINGS = ("title", "overlap", "lease_minutes", "order", "gold_share", "repeat_share", "seed")
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - told apart, not listened at


class AnnotateOptions(TypedDict, total=False):
    """What may be given to `serve_annotation` beside data. Settings that are left out stay as the database has them."""

    database: Path | str
    """A file of SQLite, or `postgresql://user:password@host/name`; default `annotations.sqlite`."""
    host: str
    port: int
    """0, the default, takes a free one; the command's default is 7860."""
    allow_hosts: Sequence[str]
    """Names by which other machines ask."""
    tls_cert: Path | str | None
    tls_key: Path | str | None
    behind_tls: bool
    """A proxy before the server speaks https."""
    single_user: bool
    """One person, on this machine, without an account."""
    new_admin_link: bool
    """A link for one more administrator, where nobody can sign in as one any more."""
    title: str | None
    overlap: int | None
    """Annotators for each item that is added; 3 at first."""
    lease_minutes: float | None
    """After which an item that was given and not answered goes to others; 30 at first."""
    gold: Sequence[Path | str]
    """Files of which the items with a known answer watch over annotators."""
    gold_share: float | None
    repeat_share: float | None
    order: Literal["random", "uncertainty"] | None
    reward: Path | str | None
    """Folder of the reward model whose uncertainty orders."""
    seed: int | None
    kinds: Collection[Kind] | None
    window: int
    """Events of a moment that are shown, at most; default 30."""
    silent: bool
    """Points of traces without a candidate too."""
    limit: int | None
    skip_bad: bool


@dataclass(frozen=True)
class ServedPages(Served):
    """Pages that answer."""

    filled: Filled | None = None
    """What was loaded, and what is there."""
    setup_link: str | None = None
    """Makes an administrator's account, once; None where there is one and no new link was asked for, or with `single_user`."""
    exposed: str | None = None
    """What whoever starts it must know, where other machines reach it."""


@takes(AnnotateOptions)
@asynccontextmanager
async def serving_annotation(
    *data: os.PathLike[str] | str, **options: Unpack[AnnotateOptions]
) -> AsyncIterator[ServedPages]:
    """`serve_annotation` for coroutines: `async with tactful.aio.serve_annotation("traces") as served`."""
    if options.get("single_user") and options.get("new_admin_link"):
        raise UsageError("--single-user has no accounts; leave out --new-admin-link")
    host, tls = options.get("host", "127.0.0.1"), _tls(options)
    behind = options.get("behind_tls", False) or tls is not None
    names = _names(host, options)
    try:
        from tactful.annotation.app import AppOptions, build_annotation_app
        from tactful.annotation.services.accounts import SETUP_LASTS, invite, link_path, setup_token
        from tactful.annotation.services.filling import Given, fill
        from tactful.annotation.store import open_store
        from tactful.web.serve import exposure, running
    except ImportError as error:
        raise MissingExtra("annotate", "annotate serve") from error

    judge = _judge(options)
    given = Given(
        data=[Path(path) for path in data],
        gold=[Path(path) for path in options.get("gold", ())],
        kinds=options.get("kinds"),
        window=options.get("window", 30),
        silent=options.get("silent", False),
        limit=options.get("limit"),
        skip_bad=options.get("skip_bad", False),
    )
    told = cast("Mapping[str, Any]", options)
    settings = {name: told[name] for name in _SETTINGS if told.get(name) is not None}
    with open_store(options.get("database", DATABASE)) as store:
        try:
            filled = fill(store, given, settings, judge=judge)
        except BaseException:
            store.discard_new()
            raise
        single = options.get("single_user", False)
        app = build_annotation_app(store, AppOptions(hosts=names, behind_tls=behind, single_user=single))
        certificate, key = tls or (None, None)
        async with running(
            app, host=host, port=options.get("port", 0), tls_cert=certificate, tls_key=key
        ) as address:
            token = None if single else setup_token(store)
            if token is None and options.get("new_admin_link"):
                token = invite(store, role="admin", lasts=SETUP_LASTS)
            yield ServedPages(
                address,
                store.name,
                asks_key=not single,
                filled=filled,
                setup_link=None
                if token is None
                else f"{_told(address, host, names, proxied=tls is None and behind)}{link_path(token)}",
                exposed=exposure(host, tls=behind),
            )


@takes(AnnotateOptions)
@contextmanager
def serve_annotation(
    *data: os.PathLike[str] | str, **options: Unpack[AnnotateOptions]
) -> Iterator[ServedPages]:
    """The pages of annotation while the block runs, over the items of `data` and those in the database already.

    `data` are files, folders and runs: moments, traces, episodes of the gym, pairs, states, chat logs, turns, items. Every
    answer is in the database when it was acknowledged; serving again goes on.

    Raises UsageError for options that do not fit, DataError for data that nobody can be asked about, UserError when the
    port is taken or the database cannot be reached, MissingExtra.
    """
    with in_a_thread(lambda: serving_annotation(*data, **options)) as served:
        assert isinstance(served, ServedPages)
        yield served


def _judge(options: AnnotateOptions) -> TrainedJudge | None:
    folder = options.get("reward")
    if folder is None:
        if options.get("order") == "uncertainty":
            raise UsageError("--order uncertainty goes by a reward model; give --reward MODEL")
        return None
    from tactful.reward.opening import open_judge

    return open_judge(folder)


def _tls(options: AnnotateOptions) -> tuple[Path, Path] | None:
    certificate, key = options.get("tls_cert"), options.get("tls_key")
    if (certificate is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key go together; give both as PEM files")
    return None if certificate is None or key is None else (Path(certificate), Path(key))


def _names(host: str, options: AnnotateOptions) -> tuple[str, ...]:
    """The names by which other machines may ask. Raises: UsageError where nobody could, or a single user would be reached."""
    from tactful.text.addresses import is_loopback

    here, named = is_loopback(host), tuple(options.get("allow_hosts", ()))
    if options.get("single_user") and (not here or named or options.get("behind_tls")):
        raise UsageError(
            "--single-user is for one person at this machine; leave out --host, --allow-host and --behind-tls"
        )
    if host.strip("[]") in _ANY_ADDRESS and not named:
        raise UsageError(
            f"--host {host} has no name of its own; give --allow-host NAME, as browsers will ask"
        )
    return named if here or host.strip("[]") in _ANY_ADDRESS else (*named, host)


def _told(address: str, host: str, names: Sequence[str], *, proxied: bool) -> str:
    """The address as others type it: behind a proxy, and of a server at every address, by its name."""
    if proxied and names:
        return f"https://{names[0]}"
    if host.strip("[]") not in _ANY_ADDRESS:
        return address
    scheme, _, place = address.partition("://")
    return f"{scheme}://{names[0]}:{place.rpartition(':')[2]}"
