"""Make the pictures of the docs: docs/assets/view-*.png and annotate-*.png, of small runs that are played offline.

python tools/screenshots.py            make all of them, in about two minutes
python tools/screenshots.py clusters   those whose name holds this

To add one, add a line to `SHOTS`. Chromium is Debian's, or the one in TACTFUL_CHROMIUM. Look at every image that changed.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import tactful as tf

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "docs" / "assets"
MOST_BYTES = 150_000
KEY = "screenshots"
_COLOURS = 96
_ENGLISH = "episodes.jsonl"


@dataclass(frozen=True)
class Shot:
    """One picture."""

    name: str
    """`docs/assets/NAME.png`."""
    address: str
    """`{first}` is the place of the first record for which `find` holds, in the run that the address names."""
    find: str = ""
    site: Literal["view", "annotate", "judged"] = "view"
    width: int = 1400
    height: int = 900
    scheme: Literal["light", "dark"] = "light"
    until: str = ""
    """CSS of what must be there: until it is, items are answered with a no."""
    keys: tuple[str, ...] = ()
    """Pressed before."""
    scroll_to: str = ""
    """CSS of what is to stand at the top."""


SHOTS = (
    Shot("view-runs", "/", height=640),
    Shot("view-runs-400", "/", width=400, height=800, scheme="dark"),
    Shot("view-records", "/of/reward?filter=asked+and+other_reward+%3E+reward", height=1000),
    Shot("view-turn", "/of/reward/records/{first}", find="branched is None and other_reward > reward and asked"),
    Shot("view-gym", "/of/gym/records/{first}#l0t4", find="offered and not needed", scheme="dark", height=800),
    Shot("view-turn-400", "/of/gym/records/{first}#l0t4", find="offered and not needed", width=400, height=800),
    Shot("view-clusters", "/of/gym/clusters", height=1000),
    Shot("view-clusters-400", "/of/audit:findings.jsonl/clusters", width=400, height=800, scheme="dark"),
    Shot("view-compare", "/compare?a=feedback-embedded&b=feedback-offline", height=760),
    Shot("view-compare-pairs", "/compare?a=feedback-embedded&b=feedback-offline&filter=differs", scheme="dark", scroll_to="#pairs"),
    Shot("view-label", "/of/gym/records/{first}/label?line=0&turn=4", find="offered and not needed", keys=("y",), height=560),
    Shot("view-label-400", "/of/audit:findings.jsonl/records/{first}/label", find="asked and not needed", width=400, height=800, scheme="dark"),
    Shot("annotate-proposals", "/work", site="annotate", until=".second", keys=("y",), height=657, width=1366),
    Shot("annotate-proposals-400", "/work", site="annotate", until=".second", keys=("y",), width=400, height=800, scheme="dark"),
    Shot("annotate-overview", "/admin", site="judged", height=1560),
    Shot("annotate-disagreement", "/admin/disagreement?kind=proposals", site="judged", keys=("Enter", "y"), scheme="dark", height=800),
)  # fmt: skip


def make_runs(out: Path) -> None:
    """The runs that are looked at."""
    log = ROOT / "tests" / "audit" / "rehearsal.jsonl"
    states = tf.states("planning", n=12, seed=0)
    rollout = tf.rollout(
        states, model="offline", out=out / "rollout", seed=0, tasks_per_user=2, progress="off"
    )
    tf.pairs(tf.reward(rollout, out=out / "reward", progress="off"), out=out / "pairs")
    tf.play("bundled", model="offline", assistant="every:5", out=out / "gym", progress="off")
    played = (out / "gym" / "records.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    Path(_ENGLISH).write_text("".join(row for row in played if '"lang":"en"' in row), encoding="utf-8")
    tf.judge(log, model="embedded", out=out / "feedback-embedded", progress="off")
    tf.judge(log, model="offline", out=out / "feedback-offline", progress="off")
    tf.audit(log, out=out / "audit")


# ---------------------------------------------------------------- sites


@asynccontextmanager
async def viewer(runs: Path) -> AsyncIterator[tuple[str, Callable[[Shot], str]]]:
    """(address to begin at, what a shot's address is) of the viewer."""
    from tactful.annotation.store import open_store
    from tactful.viewer.app import build_viewer_app
    from tactful.viewer.folders.library import Library
    from tactful.viewer.types import Query
    from tactful.web.serve import running

    library = Library(runs)
    for one in (
        *library.runs(),
        *library.files(),
        *(file for run in library.runs() for file in library.files(run)),
    ):
        with library.view(one.key) as view:
            view.wait()

    def address_of(shot: Shot) -> str:
        if not shot.find:
            return shot.address
        with library.view(shot.address.split("/")[2]) as view:
            view.wait()
            return shot.address.format(first=view.page(Query(filter=shot.find)).lines[0].ordinal)

    with open_store("labels.sqlite") as store:
        async with running(build_viewer_app(library, key=KEY, annotations=store)) as address:
            yield f"{address}/?key={KEY}", address_of


@asynccontextmanager
async def annotation(runs: Path) -> AsyncIterator[tuple[str, Callable[[Shot], str]]]:
    """The same of the pages of annotation, for one person at this machine."""
    from tactful.annotation.app import AppOptions, build_annotation_app
    from tactful.annotation.services.filling import Given, fill
    from tactful.annotation.store import open_store
    from tactful.web.serve import running

    with open_store("annotations.sqlite") as store:
        fill(store, Given(data=[Path(_ENGLISH)]), {"title": "Offers of help"})
        async with running(build_annotation_app(store, AppOptions(single_user=True))) as address:
            yield f"{address}/work", lambda shot: shot.address


@asynccontextmanager
async def judged(runs: Path) -> AsyncIterator[tuple[str, Callable[[Shot], str]]]:
    """The administrator's pages over a pool on which simulated people have worked."""
    sys.path.insert(0, str(ROOT))
    from tests.annotation.simulated import simulate

    from tactful.annotation.app import AppOptions, build_annotation_app
    from tactful.annotation.services.project import Project, keep_project
    from tactful.annotation.store import open_store
    from tactful.web.serve import running

    with open_store("judged.sqlite") as store:
        keep_project(store, Project(title="Offers of help"))
        simulate(store, start=datetime.now(UTC) - timedelta(hours=2))
        async with running(build_annotation_app(store, AppOptions(single_user=True))) as address:
            yield f"{address}/admin", lambda shot: shot.address


SITES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[tuple[str, Callable[[Shot], str]]]]] = {
    "view": viewer,
    "annotate": annotation,
    "judged": judged,
}


# ---------------------------------------------------------------- pictures


async def take(shots: list[Shot], runs: Path) -> None:
    """Write the pictures."""
    from playwright.async_api import async_playwright

    binary = os.environ.get("TACTFUL_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as machine:
        browser = await machine.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        for name, site in SITES.items():
            mine = [shot for shot in shots if shot.site == name]
            if not mine:
                continue
            async with site(runs) as (first, address_of):
                for shot in mine:
                    await _take(browser, shot, first, address_of(shot))
        await browser.close()


async def _take(browser: Any, shot: Shot, first: str, address: str) -> None:
    context = await browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme, locale="en"
    )
    tab = await context.new_page()
    await tab.goto(first)
    await tab.goto("/".join(first.split("/")[:3]) + address)
    await tab.wait_for_load_state("networkidle")
    while shot.until and not await tab.locator(shot.until).count():
        await tab.keyboard.press("n")
        await tab.wait_for_timeout(300)
    for key in shot.keys:
        await tab.keyboard.press(key)
    if shot.scroll_to:
        await tab.locator(shot.scroll_to).evaluate("one => one.scrollIntoView()")
    await tab.wait_for_timeout(400)
    target = ASSETS / f"{shot.name}.png"
    target.write_bytes(_small(await tab.screenshot()))
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1000} kB")
    await context.close()


def _small(png: bytes) -> bytes:
    """The same picture in few colours: text and plain areas need no more."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    if len(out.getvalue()) > MOST_BYTES:
        raise SystemExit(
            f"a picture has {len(out.getvalue()):,} bytes, at most {MOST_BYTES:,}; make its height smaller"
        )
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Make the pictures whose names hold one of the arguments; without any, all."""
    shots = [shot for shot in SHOTS if not arguments or any(one in shot.name for one in arguments)]
    if not shots:
        print(
            f"no picture is called so; there are: {', '.join(shot.name for shot in SHOTS)}", file=sys.stderr
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="tactful-") as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        os.chdir(folder)
        runs = Path("runs")
        runs.mkdir()
        make_runs(runs)
        asyncio.run(take(shots, runs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
