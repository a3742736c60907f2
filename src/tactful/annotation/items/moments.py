"""Moments and episodes as items: what was proposed at one observation stands on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tactful.annotation.items.making import File, parted, told_events
from tactful.annotation.types import Item, Proposals, ProposalsAnswer
from tactful.data.formats.moments import labelled_rows, moment_row, moment_rows, observation_id
from tactful.gym.types import GymEpisode, GymStep
from tactful.types import Event, LabelledMoment, Moment, MomentLabel, ProposalHistory

_Said = tuple[Moment, MomentLabel | None]
_SAID = frozenset({"valid", "help_needed", "annotation", "category"})


def from_labelled(file: File) -> Iterator[Item]:
    """An item for each observation of labelled moments; silences give no candidate: whether help was wanted is always asked."""
    rows = file.rows(labelled_rows(file.path, skip_bad=file.wanted.skip_bad))
    return _by_observation(file, ((item.moment, item.label) for item in rows))


def from_moments(file: File) -> Iterator[Item]:
    """The same of moments that nobody has judged."""
    rows = file.rows(moment_rows(file.path, skip_bad=file.wanted.skip_bad))
    return _by_observation(file, ((moment, None) for moment in rows))


def _by_observation(file: File, said: Iterable[_Said]) -> Iterator[Item]:
    seen: dict[tuple[str, str], list[_Said]] = {}
    for moment, label in said:
        seen.setdefault((observation_id(moment), moment.user), []).append((moment, label))
    for found in seen.values():
        yield _item(file, found)


def _item(file: File, said: Sequence[_Said]) -> Item:
    moment = said[0][0]
    offered = (one.proposal for one, _ in said if one.proposal is not None)
    places = {text: place for place, text in enumerate(dict.fromkeys(offered))}
    earlier, events = parted(moment.events, file.wanted.window)
    rows = [
        {**_row(one, label), "candidate": None if one.proposal is None else places[one.proposal]}
        for one, label in said
    ]
    return file.item(
        Proposals(events=events, candidates=tuple(places)),
        *(moment.session, moment.user, told_events(moment.events), list(places)),
        session=moment.session,
        origin={"moments": rows, "earlier": earlier, **_known(moment.user, moment.history)},
        text=_text(events),
        gold=_gold(said, list(places)),
    )


def _row(moment: Moment, label: MomentLabel | None) -> dict[str, Any]:
    """The row of a moment in ProactiveBench's keys without what was seen."""
    whole = unjudged_row(moment) if label is None else moment_row(LabelledMoment(moment=moment, label=label))
    return {key: value for key, value in whole.items() if key != "obs"}


def unjudged_row(moment: Moment) -> dict[str, Any]:
    """The row of a moment in ProactiveBench's keys that say nothing of what anyone thought of it."""
    row = moment_row(LabelledMoment(moment=moment, label=MomentLabel(accepted=False)))
    return {key: value for key, value in row.items() if key not in _SAID}


def _known(user: str, history: ProposalHistory | None) -> dict[str, Any]:
    """Who worked there, and what became of offers before, where that is known."""
    return {"user": user, "history": None if history is None else history.model_dump()}


def _text(events: Iterable[Event]) -> str:
    return "\n".join(event.text for event in events)


# ---------------------------------------------------------------- what is known to be right


def _gold(said: Sequence[_Said], candidates: Sequence[str]) -> ProposalsAnswer | None:
    """The answer that people agree on in all its parts; None where one part is not known, or is told in two ways.

    Votes count before verdicts: a verdict that contradicts them, as where labels were derived, is none.
    """
    labels = [(one.proposal, label) for one, label in said if label is not None and not label.judge]
    if len(labels) < len(said):
        return None
    accepted = [
        _agreed([label for proposal, label in labels if proposal == candidate]) for candidate in candidates
    ]
    wanted = _wanted(labels, accepted)
    if wanted is None or None in accepted:
        return None
    return ProposalsAnswer(accepted=tuple(one is True for one in accepted), help_wanted=wanted)


def _agreed(labels: Sequence[MomentLabel]) -> bool | None:
    """What all votes say, or where there are none all verdicts; None where they differ, or contradict each other."""
    votes = {vote for label in labels for vote in label.votes}
    verdicts = {label.accepted for label in labels}
    if len(verdicts) != 1 or (votes and votes != verdicts):
        return None
    return next(iter(verdicts))


def _wanted(labels: Sequence[tuple[str | None, MomentLabel]], accepted: Sequence[bool | None]) -> bool | None:
    """Whether help was wanted: by what was said of the silence, by an accepted offer, else by the word of unvoted rows."""
    needs = {label.help_needed for _, label in labels if label.help_needed is not None}
    silences = [label for proposal, label in labels if proposal is None]
    if silences:
        right = _agreed(silences)
        found = None if right is None else not right
    elif True in accepted:
        found = True
    elif any(label.votes for _, label in labels):
        return None
    else:
        found = next(iter(needs)) if len(needs) == 1 else None
    if found is None or needs - {found} or (found is False and True in accepted):
        return None
    return found


# ---------------------------------------------------------------- the gym


def from_episodes(file: File) -> Iterator[Item]:
    """An item for each step of an episode in which something happened, its offer the candidate, shown to the user or held back."""
    for episode in file.records(GymEpisode, "episode", lambda one: one.id):
        labelled = {item.moment.id: item for item in episode.moments()}
        seen: list[Event] = []
        for step in episode.steps:
            seen += step.events
            if step.events:
                yield _step(file, episode, step, seen, labelled.get(f"{episode.id}#{step.index}"))
            seen += step.carried_out


def _step(
    file: File, episode: GymEpisode, step: GymStep, seen: Sequence[Event], known: LabelledMoment | None
) -> Item:
    candidates = () if step.proposal is None else (step.proposal,)
    earlier, events = parted(seen, file.wanted.window)
    rows: list[dict[str, Any]] = []
    if known is not None:
        place = None if known.moment.proposal is None else 0
        rows = [{**_row(known.moment, known.label), "candidate": place}]
    return file.item(
        Proposals(events=events, candidates=candidates),
        *(episode.id, step.index, told_events(seen), candidates),
        session=episode.group,
        origin={
            "moments": rows,
            "earlier": earlier,
            **_known(episode.id, step.history),
            "episode": episode.id,
            "step": step.index,
            "proposal": step.proposal,
            "held_back": step.proposal is not None and not step.shown,
            "acceptance": step.acceptance,
            "outcome": step.outcome.model_dump(mode="json"),
        },
        text=_text(events),
        lang=episode.lang,
        setting=episode.setting,
    )
