"""Runs commands whose output lies on a full file system, on a read-only one, and behind links in a circle.

`unshare --user --map-root-user --mount python -m tests.cli.on_a_bad_disk FOLDER < words.json`: each command is a list of
words in which OUT stands for the place. Prints, a line each, what became of it. Exits 99 where nothing can be mounted.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import traceback
from pathlib import Path

from tactful.cli.main import main

OUT = "OUT"


def _mount(*words: str | Path) -> None:
    if subprocess.run(["mount", *map(str, words)], capture_output=True).returncode:
        sys.exit(99)


def bad_places(folder: Path) -> dict[str, Path]:
    """Name → a folder in which nothing can be written."""
    full, fixed = folder / "full", folder / "readonly"
    for place in (full, fixed):
        place.mkdir()
        _mount("-t", "tmpfs", "-o", "size=8k", "tmpfs", place)
    with contextlib.suppress(OSError), (full / "filler").open("wb", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
    _mount("-o", "remount,ro", fixed)
    (folder / "circle").symlink_to("elcric")
    (folder / "elcric").symlink_to("circle")
    return {"full": full, "readonly": fixed, "circle": folder / "circle"}


def run(words: list[str]) -> tuple[int, str, str]:
    """(exit code or -1 for a traceback, what the command said, the traceback)."""
    sys.argv, said = ["tactful", *words], io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), said.getvalue(), ""
        except BaseException:
            return -1, said.getvalue(), traceback.format_exc()
    return 0, said.getvalue(), ""


def left(place: Path) -> list[str]:
    """Files in a place that hold something, but for what filled it; a database that nothing was written to is empty."""
    if place.is_symlink():
        return []
    return sorted(
        str(path.relative_to(place))
        for path in place.rglob("*")
        if path.is_file() and path.name != "filler" and path.stat().st_size
    )


if __name__ == "__main__":
    places = bad_places(Path(sys.argv[1]))
    for words in json.load(sys.stdin):
        for name, place in places.items():
            code, said, trace = run([word.replace(OUT, str(place)) for word in words])
            print(
                json.dumps(
                    {
                        "words": words,
                        "place": name,
                        "code": code,
                        "said": said,
                        "trace": trace,
                        "left": left(place),
                    }
                )
            )
