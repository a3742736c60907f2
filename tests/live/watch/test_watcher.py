"""From events to offers and silences, on a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.live.watch.watched import NOON, OPEN, Clock, Likes, Says, Watched

from tactful.live.delivery.types import Candidate
from tactful.live.types import Taste
from tactful.live.watch import watcher as watcher_module
from tactful.live.watch.acceptance import Acceptor
from tactful.live.watch.types import ProposerFailed, WatchSettings, Window
from tactful.live.watch.watcher import wall_clock
from tactful.reward.gate.promise import Promise
from tactful.reward.gate.rule import Gate, GateConfig
from tactful.types import Event

ME = "u-0000000001"
Make = Callable[..., Watched]


def held_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("live.sqlite*"))


async def test_an_event_becomes_an_offer_that_goes_out(watching: Make) -> None:
    live = watching()
    (offer,) = await live.see("An error is shown.")
    assert (offer.made, offer.check, offer.kind) == ("offered", "", "fix")
    assert [one.offers[0].text for one in live.way.notices] == ["Help with: An error is shown."]
    (kept,) = live.rows()
    assert (kept.id, kept.p_accept, kept.judge, kept.proposer) == (offer.id, 0.8, "likes", "says")


async def test_a_look_in_which_nothing_is_proposed_has_a_reason_and_alike_ones_share_a_row(
    watching: Make,
) -> None:
    live = watching(proposer=Says(lambda window: []))
    for _ in range(5):
        await live.see("The user types.")
        live.clock.later(minutes=1)
    (kept,) = live.rows()
    assert (kept.made, kept.check, kept.times) == ("nothing", "nothing", 5)
    assert kept.last_at == NOON + timedelta(minutes=4)
    live.clock.later(hours=1)
    await live.see("The user types.")
    assert [one.times for one in live.rows()] == [5, 1]


async def test_what_is_not_likely_to_be_welcome_is_withheld(watching: Make) -> None:
    live = watching(acceptor=Acceptor(Likes(0.49), least=0.5))
    (offer,) = await live.see("An error is shown.")
    assert (offer.made, offer.check, offer.waiting) == ("withheld", "acceptance", False)
    assert "0.490 is below 0.500" in offer.reason
    assert live.way.notices == []


async def test_of_several_the_likeliest_goes_out_first(watching: Make) -> None:
    def two(window: Window) -> list[Candidate]:
        return [Candidate(kind="a", text="dull"), Candidate(kind="b", text="bright")]

    policy = OPEN.model_copy(update={"per_hour": 1})
    live = watching(proposer=Says(two), acceptor=Acceptor(Likes(dull=0.6, bright=0.9)), policy=policy)
    made = await live.see("x")
    assert [(one.text, one.made, one.check) for one in made] == [
        ("bright", "offered", ""),
        ("dull", "withheld", "hour"),
    ]


async def test_an_unscored_offer_is_withheld_and_never_taken_for_welcome(watching: Make) -> None:
    live = watching(acceptor=Acceptor(Likes(None)))
    (offer,) = await live.see("x")
    assert (offer.check, offer.p_accept) == ("unscored", None)


async def test_a_judge_that_breaks_or_is_late_means_silence(watching: Make) -> None:
    class Breaks(Likes):
        def judge_now(self, moments: Any, *, explain: bool = False) -> Any:
            raise RuntimeError("secret words")

    class Slow(Likes):
        def judge_now(self, moments: Any, *, explain: bool = False) -> Any:
            time.sleep(0.3)
            return super().judge_now(moments)

    live = watching(acceptor=Acceptor(Breaks()))
    (offer,) = await live.see("x")
    assert (offer.check, offer.reason) == ("unscored", "the judge failed: RuntimeError")
    live = watching(acceptor=Acceptor(Slow()), settings=WatchSettings(timeout_s=0.05))
    (offer,) = await live.see("y")
    assert (offer.check, offer.reason) == ("unscored", "the judge failed: TimeoutError")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ProposerFailed("the command ended with 3"), "the command ended with 3"),
        (RuntimeError("secret words"), "the proposer failed: RuntimeError"),
    ],
)
async def test_a_proposer_that_fails_means_silence_with_its_reason(
    watching: Make, error: Exception, reason: str
) -> None:
    def fails(window: Window) -> list[Candidate]:
        raise error

    live = watching(proposer=Says(fails))
    (offer,) = await live.see("x")
    assert (offer.made, offer.check, offer.reason) == ("nothing", "proposer", reason)
    assert [one.reason for one in live.rows()] == [reason]


@pytest.mark.slow
async def test_a_proposer_that_is_late_is_not_waited_for_and_holds_up_no_event(watching: Make) -> None:
    async def never(window: Window) -> list[Candidate]:
        await asyncio.sleep(30)
        return []

    live = watching(proposer=Says(never), settings=WatchSettings(timeout_s=1, every_s=0))
    live.watcher.seen(ME, [Event(text="a")])
    live.watcher.follow(ME)
    await asyncio.sleep(0.02)  # it is being waited for
    started = time.monotonic()
    for number in range(500):
        live.watcher.seen(ME, [Event(text=str(number))])
    assert time.monotonic() - started < 1
    await live.watcher.settle()
    assert {one.check for one in live.rows()} == {"proposer"}
    assert live.proposer.windows[-1].events[-1].text == "499"
    assert len(live.proposer.windows[-1].events) == 50


async def test_somebody_slow_does_not_hold_up_others(watching: Make) -> None:
    async def slow(window: Window) -> list[Candidate]:
        if window.user == ME:
            await asyncio.sleep(5)
        return [Candidate(kind="k", text="now")]

    live = watching(proposer=Says(slow))
    for user in (ME, "u-0000000002"):
        live.watcher.seen(user, [Event(text="a")])
        live.watcher.follow(user)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if live.way.notices:
            break
    assert [one.offers[0].user for one in live.way.notices] == ["u-0000000002"]


async def test_a_window_holds_the_latest_events_of_one_person_and_how_many_are_fresh(watching: Make) -> None:
    live = watching(settings=WatchSettings(events=3, minutes=10))
    await live.see("a", "b")
    live.clock.later(minutes=5)
    await live.see("other", user="u-0000000002")
    await live.see("c", "d")
    live.clock.later(minutes=8)
    await live.see("e")
    shown = [([event.text for event in one.events], one.fresh) for one in live.proposer.windows]
    assert shown == [(["a", "b"], 2), (["other"], 1), (["b", "c", "d"], 2), (["c", "d", "e"], 1)]


async def test_events_in_a_short_time_are_looked_at_once(watching: Make) -> None:
    live = watching(settings=WatchSettings(every_s=0.2))
    live.watcher.clock = live.watcher.sender._clock = wall_clock
    for number in range(20):
        live.watcher.seen(ME, [Event(text=str(number))])
        live.watcher.follow(ME)
    await live.watcher.settle()
    assert len(live.proposer.windows) == 1
    live.watcher.seen(ME, [Event(text="more")])
    live.watcher.follow(ME)
    await live.watcher.settle()
    assert len(live.proposer.windows) == 2


async def test_somebody_who_is_forgotten_over_more_people_is_followed_no_further(
    watching: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "_MOST_PEOPLE", 2)
    live = watching(settings=WatchSettings(every_s=0.1))
    live.watcher.clock = live.watcher.sender._clock = wall_clock
    await live.see("a")
    live.watcher.seen(ME, [Event(text="b")])
    live.watcher.follow(ME)  # waits for its time
    following = live.watcher._people[ME].following
    for number in range(2, 4):
        live.watcher.seen(f"u-000000000{number}", [Event(text="c")])
    assert following is not None
    await asyncio.wait_for(following, 5)
    assert ME not in live.watcher._people
    await live.see("d")
    assert [one.events[-1].text for one in live.proposer.windows] == ["a", "d"]


# ---------------------------------------------------------------- delivery policy, over the database


async def test_budgets_hold_over_a_restart(watching: Make) -> None:
    policy = OPEN.model_copy(update={"per_hour": 2})
    first = watching(policy=policy)
    await first.see("a")
    await first.see("b")
    await first.watcher.close()
    again = watching(policy=policy, clock=Clock(NOON + timedelta(minutes=59)))
    (offer,) = await again.see("c")
    assert (offer.check, offer.until) == ("hour", NOON + timedelta(hours=1))
    again.clock.later(minutes=1)
    (offer,) = await again.see("d")
    assert offer.made == "offered"


async def test_budgets_are_each_persons_own(watching: Make) -> None:
    live = watching(policy=OPEN.model_copy(update={"per_hour": 1}))
    await live.see("a")
    (offer,) = await live.see("a", user="u-0000000002")
    assert offer.made == "offered"


async def test_shadow_sends_nothing_and_counts_what_would_have_gone_out(watching: Make) -> None:
    live = watching(policy=OPEN.model_copy(update={"mode": "shadow", "per_hour": 1}))
    await live.see("a")
    live.clock.later(seconds=1)
    await live.see("b")
    assert [(one.check, one.waiting) for one in live.rows()] == [("shadow", False), ("hour", False)]
    assert live.way.notices == []
    acting = watching(policy=OPEN.model_copy(update={"per_hour": 1}), clock=live.clock)
    (offer,) = await acting.see("c")
    assert offer.made == "offered"  # nothing was sent before


async def test_the_kill_switch_silences_at_once_and_lets_go_again(watching: Make) -> None:
    live = watching()
    live.memory.shared.kill(True)
    (offer,) = await live.see("a")
    assert offer.check == "killed"
    live.memory.shared.kill(False)
    (offer,) = await live.see("b")
    assert offer.made == "offered"


async def test_nothing_is_offered_in_a_call(watching: Make) -> None:
    live = watching()
    (offer,) = await live.see("The user switched to 'Zoom'.")
    assert (offer.check, offer.reason, offer.waiting) == ("busy", "in a call", True)
    (offer,) = await live.see("The user switched to 'Code': 'a.py'.")
    assert offer.made == "offered"


# ---------------------------------------------------------------- digest


async def test_what_was_withheld_comes_in_the_digest_once_and_is_not_seen_by_that(watching: Make) -> None:
    policy = OPEN.model_copy(update={"quiet": ("11:00-13:00",), "digest": ("17:30",)})
    live = watching(policy=policy, proposer=Says())
    for text in ("a", "b", "a"):  # the third is said already: it waits once
        await live.see(text)
        live.clock.later(seconds=1)
    assert [(one.check, one.waiting) for one in live.rows()] == [
        ("quiet", True),
        ("quiet", True),
        ("repeated", False),
    ]
    live.clock.later(hours=5, minutes=29)
    await live.tick()
    assert live.way.notices == []
    live.clock.later(minutes=1)
    await live.tick()
    await live.tick()
    (digest,) = live.way.notices
    assert digest.digest
    assert [one.text for one in digest.offers] == ["Help with: a", "Help with: b"]
    assert [(one.made, one.waiting, one.reaction) for one in live.rows(check="quiet")] == [
        ("withheld", False, "")
    ] * 2


async def test_what_was_in_a_digest_and_is_withheld_again_waits_for_the_next(watching: Make) -> None:
    policy = OPEN.model_copy(update={"per_hour": 0, "digest": ("12:10", "12:40")})
    live = watching(policy=policy)
    for _ in range(2):
        await live.see("a")
        live.clock.later(minutes=20)
        await live.tick()
        live.clock.later(minutes=5)
    assert [one.digest for one in live.way.notices] == [True, True]


async def test_a_digest_waits_for_the_end_of_a_call_a_pause_and_quiet_hours(watching: Make) -> None:
    policy = OPEN.model_copy(update={"per_hour": 0, "digest": ("17:30",), "quiet": ("17:00-18:00",)})
    live = watching(policy=policy)
    await live.see("a")
    live.clock.later(hours=5, minutes=45)  # 17:45, quiet
    await live.tick()
    live.clock.later(minutes=16)  # 18:01, in a call
    live.watcher.seen(ME, [Event(text="In a call with the team.")])
    await live.tick()
    live.watcher.seen(ME, [Event(text="The user went back to 'Code'.")])
    live.ledger.pause(ME, "", live.clock() + timedelta(minutes=5))
    await live.tick()
    assert live.way.notices == []
    live.clock.later(minutes=5)
    await live.tick()
    assert [one.digest for one in live.way.notices] == [True]


async def test_a_digest_that_fails_is_tried_at_the_next_time_and_loses_nothing(watching: Make) -> None:
    sending = OPEN.sending.model_copy(update={"tries": 1})
    policy = OPEN.model_copy(update={"per_hour": 0, "digest": ("14:00", "17:30"), "sending": sending})
    live = watching(policy=policy, fails=1)
    await live.see("a")
    live.clock.later(hours=2)
    await live.tick()
    await live.tick()
    assert (live.way.notices, live.way.tries) == ([], 1)
    assert [one.waiting for one in live.rows()] == [True]
    live.clock.later(hours=4)
    await live.tick()
    assert [one.text for one in live.way.notices[0].offers] == ["Help with: a"]


async def test_a_kind_that_was_muted_meanwhile_is_in_no_digest_and_waits_no_longer(watching: Make) -> None:
    def kinds(window: Window) -> list[Candidate]:
        kind, _, rest = window.events[-1].text.partition(" ")
        return [Candidate(kind=kind, text=rest)]

    policy = OPEN.model_copy(update={"per_hour": 1, "digest": ("17:30",)})
    live = watching(policy=policy, proposer=Says(kinds), keep_texts=False)
    (offer,) = await live.see("fix one")
    for text in ("fix two", "find three", "tidy four"):
        live.clock.later(seconds=1)
        await live.see(text)
    await asyncio.to_thread(live.watcher.answered, offer.id, "mute")
    assert [(one.kind, one.text) for one in live.rows(waiting=True)] == [("find", "three"), ("tidy", "four")]
    await live.watcher.close()
    muting = policy.model_copy(update={"muted": ("tidy",)})
    again = watching(policy=muting, keep_texts=False, clock=live.clock)
    again.clock.later(hours=6)
    await again.tick()
    assert [one.text for one in again.way.notices[0].offers] == ["three"]
    assert again.rows(waiting=True) == []
    assert [one.text for one in again.rows()] == ["", "", "", ""]


async def test_an_offer_whose_kind_is_muted_while_it_is_sent_in_vain_is_in_no_digest(watching: Make) -> None:
    live = watching(policy=OPEN.model_copy(update={"digest": ("17:30",)}))
    (offer,) = await live.see("a")
    live.ledger.pause(ME, "fix", None)
    await asyncio.wrap_future(live.ledger.undelivered(offer.id))
    live.clock.later(hours=6)
    await live.tick()
    assert [one.digest for one in live.way.notices] == [False]
    assert live.rows(waiting=True) == []


async def test_no_digest_in_shadow_and_none_while_killed(watching: Make) -> None:
    policy = OPEN.model_copy(update={"per_hour": 0, "digest": ("14:00",)})
    live = watching(policy=policy)
    await live.see("a")
    live.memory.shared.kill(True)
    live.clock.later(hours=3)
    await live.tick()
    shadow = watching(policy=policy.model_copy(update={"mode": "shadow"}), clock=live.clock)
    await shadow.tick()
    assert live.way.notices == shadow.way.notices == []


# ---------------------------------------------------------------- reactions


async def test_accepting_and_dismissing_are_learned_once_by_kind(watching: Make) -> None:
    live = watching()
    (offer,) = await live.see("a")
    for answer in ("dismiss", "accept", "dismiss"):
        assert await asyncio.to_thread(live.watcher.answered, offer.id, answer) is not None
    taste = live.memory.taste(ME)
    assert taste is not None
    assert (taste.offers["fix"].no, taste.offers["fix"].yes) == (1, 0)
    assert [one.reaction for one in live.rows()] == ["dismissed"]
    assert await asyncio.to_thread(live.watcher.answered, "0" * 32, "accept") is None


async def test_who_dismisses_is_left_in_peace_for_longer_each_time(watching: Make) -> None:
    live = watching(policy=OPEN.model_copy(update={"cooldown_minutes": 30}), acceptor=Acceptor(Likes(0.99)))
    ends = []
    for number in range(3):
        (offer,) = await live.see("a")
        assert offer.made == "offered"
        await asyncio.to_thread(live.watcher.answered, offer.id, "dismiss")
        (silent,) = await live.see(f"b{number}")
        assert (silent.check, silent.until is not None) == ("cooldown", True)
        ends.append((silent.until - live.clock()) / timedelta(minutes=1))  # type: ignore[operator]
        live.clock.now = silent.until  # type: ignore[assignment]
    assert ends == [30, 60, 120]
    (offer,) = await live.see("c")
    await asyncio.to_thread(live.watcher.answered, offer.id, "accept")
    (offer,) = await live.see("d")
    assert offer.made == "offered"


async def test_a_snooze_pauses_everything_and_teaches_nothing(watching: Make) -> None:
    live = watching()
    (offer,) = await live.see("a")
    await asyncio.to_thread(live.watcher.answered, offer.id, "snooze", minutes=20)
    (silent,) = await live.see("b")
    assert (silent.check, silent.until) == ("snoozed", NOON + timedelta(minutes=20))
    assert live.memory.taste(ME) is None
    live.clock.later(minutes=20)
    (offer,) = await live.see("c")
    assert offer.made == "offered"


async def test_muting_is_for_the_kind_and_can_be_taken_back(watching: Make) -> None:
    def kinds(window: Window) -> list[Candidate]:
        kind = window.events[-1].text
        return [Candidate(kind=kind, text=f"{kind} {window.at}")]

    live = watching(proposer=Says(kinds), acceptor=Acceptor(Likes(0.99)))
    (offer,) = await live.see("tests")
    await asyncio.to_thread(live.watcher.answered, offer.id, "mute")
    (silent,) = await live.see("tests")
    (other,) = await live.see("fixes")
    assert (silent.check, other.made) == ("muted", "offered")
    assert live.ledger.pauses(ME) == {"tests": None}
    assert live.ledger.unpause(ME, "tests")
    (again,) = await live.see("tests")
    assert again.made == "offered"


async def test_who_dismisses_a_kind_gets_no_more_of_it_and_others_go_on(watching: Make) -> None:
    def kinds(window: Window) -> list[Candidate]:
        return [Candidate(kind=window.events[-1].text, text=str(window.at))]

    live = watching(proposer=Says(kinds), acceptor=Acceptor(Likes(0.7)))
    for user, answer in (("u-000000000a", "accept"), ("u-000000000b", "accept")):
        (offer,) = await live.see("tests", user=user)
        await asyncio.to_thread(live.watcher.answered, offer.id, answer)
    for _ in range(3):
        live.clock.later(hours=1)
        (offer,) = await live.see("tests")
        if offer.made == "offered":
            await asyncio.to_thread(live.watcher.answered, offer.id, "dismiss")
    live.clock.later(hours=1)
    (offer,) = await live.see("tests")
    assert (offer.check, offer.p_accept) == ("taste", 0.7)
    assert offer.p_own is not None
    assert offer.p_own < 0.5
    (offer,) = await live.see("tests", user="u-000000000a")
    assert offer.made == "offered"


async def test_without_a_judge_a_kind_ends_after_three_dismissals(watching: Make) -> None:
    live = watching(acceptor=Acceptor(None))
    checks = []
    for _ in range(5):
        (offer,) = await live.see("x")
        checks.append(offer.check)
        if offer.made == "offered":
            await asyncio.to_thread(live.watcher.answered, offer.id, "dismiss")
    assert checks == ["", "", "", "taste", "taste"]


def promised(threshold: float) -> Gate:
    promise = Promise.model_construct()
    return Gate.model_construct(
        judge="likes",
        model="",
        data="",
        config=GateConfig(form="fixed", threshold=threshold),
        promise=promise,
    )


async def test_a_gate_with_a_promise_is_never_softened_by_a_taste(watching: Make) -> None:
    acceptor = Acceptor(Likes(0.6), gate=promised(0.7))
    live = watching(acceptor=acceptor)
    for _ in range(6):  # this person loves what they get
        live.memory.offered(ME, "fix", True, live.clock())
    (offer,) = await live.see("x")
    assert (offer.check, offer.threshold) == ("acceptance", 0.7)
    assert offer.p_own is not None
    assert offer.p_own > 0.7


async def test_the_judge_is_shown_how_earlier_offers_fared(watching: Make) -> None:
    judge = Likes()
    live = watching(acceptor=Acceptor(judge))
    (offer,) = await live.see("a")
    await asyncio.to_thread(live.watcher.answered, offer.id, "accept")
    live.clock.later(minutes=10)
    await live.see("b")
    first, second = judge.moments
    assert first.history is None
    assert second.history is not None
    assert (second.history.shown, second.history.accepted, second.history.since_last_s) == (1, 1, 600)


# ---------------------------------------------------------------- what must hold


async def test_an_offer_is_stored_before_it_goes_out_and_none_goes_out_that_cannot_be(watching: Make) -> None:
    live = watching()
    live.memory.writer.close()
    assert await live.see("a") == []
    assert (live.way.notices, live.watcher.failed) == ([], 1)


async def test_without_keep_texts_neither_events_nor_offers_stay(watching: Make, tmp_path: Path) -> None:
    policy = OPEN.model_copy(update={"per_hour": 1, "digest": ("14:00",)})
    live = watching(keep_texts=False, policy=policy)
    await live.see("quokka one")
    live.clock.later(seconds=1)
    await live.see("quokka two")
    assert [one.text for one in live.rows()] == ["", "Help with: quokka two"]  # it waits, so it must be known
    live.clock.later(hours=2)
    await live.tick()
    assert [one.text for one in live.rows()] == ["", ""]
    await live.watcher.close()
    assert b"quokka one" not in held_in(tmp_path)


async def test_a_removed_user_leaves_nothing(watching: Make, tmp_path: Path) -> None:
    live = watching(policy=OPEN.model_copy(update={"per_hour": 1}))
    (offer,) = await live.see("quokka")
    await live.see("quokka again")
    await live.see("other", user="u-0000000002")
    await asyncio.to_thread(live.watcher.answered, offer.id, "mute")
    assert await asyncio.to_thread(live.memory.forget, ME) >= 5  # two offers, a delivery, a pause, a taste
    assert {one.user for one in live.rows()} == {"u-0000000002"}
    assert (live.ledger.pauses(ME), live.memory.taste(ME)) == ({}, None)


async def test_what_is_older_than_the_retention_is_removed(watching: Make) -> None:
    live = watching()
    await live.see("a")
    await asyncio.wrap_future(live.memory.prune(NOON + timedelta(days=181)))
    assert live.rows() == []


async def test_texts_of_people_never_reach_the_log(watching: Make, caplog: pytest.LogCaptureFixture) -> None:
    def fails(window: Window) -> list[Candidate]:
        raise RuntimeError(window.events[-1].text)

    live = watching(proposer=Says(fails))
    await live.see("quokka")
    live = watching()
    live.memory.writer.close()
    await live.see("quokka")
    assert "quokka" not in caplog.text
    assert "a look failed" in caplog.text


async def test_tastes_that_are_there_before_count(watching: Make) -> None:
    live = watching(acceptor=Acceptor(Likes(0.55)))
    for _ in range(4):
        live.memory.offered(ME, "fix", False, NOON - timedelta(hours=1))
    assert isinstance(live.memory.taste(ME), Taste)
    (offer,) = await live.see("x")
    assert offer.check == "taste"
