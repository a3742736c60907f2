"""The statistics as one HTML page with a picture of each instance, and as JSON, in a folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tactful.data.page import clean, render_template, write_texts
from tactful.gym.stats import telling
from tactful.gym.stats.results import GymStats, Timeline
from tactful.runs.running.progress import duration
from tactful.text.counting import counted

PAGE, DATA = "stats.html", "stats.json"
WIDTH = 900.0
_TOP, _FLOOR = 34.0, 78.0
"""Where the events hang from, and where the axis lies."""
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_MOST_LABELS = 8
KINDS = {
    "boundary": ("ink", 44.0, 1.6, "between two pieces of work"),
    "flow": ("soft", 18.0, 1.2, "in the flow"),
    "stuck": ("front", 32.0, 2.4, "stuck: an error, a search"),
    "late": ("warn", 24.0, 1.6, "trouble just over"),
    "assistant": ("good", 24.0, 2.4, "done by the assistant"),
    "event": ("soft", 24.0, 1.2, "an event"),
}
"""Kind of event → colour, height and width of its tick, and what it is called."""
VERDICTS = {"accepted": "good", "rejected": "bad", "ignored": "soft", "": "ink"}
"""Verdict on an offer → colour of its mark; each has a shape of its own, too."""


@dataclass(frozen=True)
class Drawn:
    """A time line in the units of its picture."""

    line: Timeline
    ticks: tuple[tuple[float, float, str, float], ...]
    """Place, top, colour, width."""
    marks: tuple[tuple[float, str], ...]
    """Place and verdict."""
    labels: tuple[tuple[float, str], ...]
    """Of the axis."""
    caption: str


def write_stats(found: GymStats, folder: Path) -> list[Path]:
    """Write page and data into `folder`; their paths."""
    return write_texts(folder, {PAGE: render_page(found), DATA: found.model_dump_json(indent=1) + "\n"})


def render_page(found: GymStats) -> str:
    """The page. All values are escaped: what events and offers say is shown, never run."""
    drawn = [draw(line) for line in found.timelines]
    seen = {kind for line in found.timelines for _, kind in line.ticks}
    offered = {mark.verdict or "" for line in found.timelines for mark in line.offers}
    return render_template(
        __file__,
        "stats.html.j2",
        found=found,
        rows=found.rows,
        drawn=drawn,
        width=WIDTH,
        top=_TOP,
        floor=_FLOOR,
        kinds={kind: told for kind, told in KINDS.items() if kind in seen},
        verdicts={verdict: colour for verdict, colour in VERDICTS.items() if verdict in offered},
        colours=VERDICTS,
        telling=telling,
        counted=counted,
        clean=clean,
    )


def draw(line: Timeline) -> Drawn:
    """Where everything of a time line is drawn."""
    scale = WIDTH / line.seconds if line.seconds else 0.0

    def place(second: float) -> float:
        return round(second * scale, 1)

    ticks = []
    for second, kind in line.ticks:
        colour, height, width, _ = KINDS[kind]
        ticks.append((place(second), _FLOOR - height, colour, width))
    return Drawn(
        line=line,
        ticks=tuple(ticks),
        marks=tuple((place(second), verdict) for second, verdict in _marks(line)),
        labels=tuple((place(second), text) for second, text in _labels(line)),
        caption=_caption(line),
    )


def _marks(line: Timeline) -> list[tuple[float, str]]:
    """One for each time: of several offers that were judged there, the commonest verdict."""
    at: dict[float, Counter[str]] = {}
    for mark in line.offers:
        at.setdefault(mark.at_s, Counter())[mark.verdict or ""] += 1
    return [(second, verdicts.most_common(1)[0][0]) for second, verdicts in at.items()]


def _labels(line: Timeline) -> list[tuple[float, str]]:
    """Round times along the axis, with what they are called."""
    if not line.timed:
        return [(0.0, "first event"), (line.seconds, "last")] if line.seconds else [(0.0, "one event")]
    step = next((step for step in _STEPS_S if line.seconds / step <= _MOST_LABELS), _STEPS_S[-1])
    whole = int(line.seconds // step)
    thin = max(1, -(-whole // _MOST_LABELS))
    return [(at * step, _clock(at * step, step)) for at in range(0, whole + 1, thin)]


def _clock(seconds: int, step: int) -> str:
    """In the unit of the step."""
    unit, name = (3600, "h") if step >= 3600 else (60, "min") if step >= 60 else (1, "s")
    return f"{seconds // unit} {name}" if seconds else "0"


def _caption(line: Timeline) -> str:
    said = [line.id, line.setting] if line.setting != "not said" else [line.id]
    said += [f"assistant {line.assistant}"] if line.assistant else []
    events = counted(line.events, "event")
    if len(line.ticks) < line.events:
        events = f"the first {len(line.ticks):,} of {events}"
    said.append(f"{events} in {duration(line.seconds)}" if line.timed else f"{events} without times")
    if line.offers:
        order = ("accepted", "rejected", "ignored", "not judged")
        verdicts = [mark.verdict or "not judged" for mark in line.offers]
        told = ", ".join(f"{verdicts.count(name)} {name}" for name in order if name in verdicts)
        said.append(f"{counted(len(line.offers), 'offer')}: {told}")
    said += [f"ended: {line.end}"] if line.end else []
    return " · ".join(map(clean, said))
