"""`tactful view`: look at runs in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import AddressJsonFlag, PortOption
from tactful.cli.output import emit_json, say
from tactful.cli.serving import serve_until_signal
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.api.serving import Served


def view(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="[RUN|FOLDER|FILE]", help="A run, a folder with runs and JSONL files, or a JSONL file."
        ),
    ] = Path("runs"),
    *,
    port: PortOption = 7861,
    open_: Annotated[bool, typer.Option("--open", help="Open the address in the browser.")] = False,
    annotations: Annotated[
        str | None,
        typer.Option(
            "--annotations",
            help="Database for labels: a file of SQLite, or `postgresql://…`; made where missing.",
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", help="Write the records into this HTML file, to send, and end; nothing is served."
        ),
    ] = None,
    filter_: Annotated[
        str, typer.Option("--filter", help="With --export: the records with a turn for which this holds.")
    ] = "",
    search: Annotated[
        str, typer.Option("--search", help="With --export: the records with these words.")
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help="With --export: records in the file at most.")
    ] = 100,
    as_json: AddressJsonFlag = False,
) -> None:
    """Look at runs in the browser: what the policy did at each turn, how sure it was, and what the other branch got.

    Example: `tactful view runs --open`, or one run: `tactful view runs/gym-run-20260101T120000Z`

    One file to send: `tactful view runs/audit/findings.jsonl --filter "asked and not needed" --export needless.html`

    Search in every text, filters such as `asked and not needed`, links to a record or a turn, calls with their prompts, raw
    lines. Nothing in the folder is changed. It listens on this machine alone, and the address has a key, so that no other
    user of the machine looks along; it stays the same, and links stay good. To look from elsewhere: `ssh -L 7861:127.0.0.1:7861`.
    A run that is still going is followed. The index for search is kept in the user's cache folder. Ends with Ctrl-C (130) or
    SIGTERM (0). Extra [annotate].
    """
    from tactful.api.view import export_view, viewing

    if export is not None:
        found = export_view(path, export, filter=filter_, text=search, limit=limit)
        if as_json:
            emit_json({"file": str(export), "records": min(found, limit), "of": found})
        say(f"{export}: {min(found, limit):,} of {found:,} records")
        return
    if filter_ or search:
        raise UsageError("--filter and --search go with --export; in the pages they have fields of their own")

    def tell(served: Served) -> None:
        say(f"looking at {served.name}; open {served.address} in a browser; Ctrl-C stops it")
        if open_:
            import webbrowser

            webbrowser.open(served.address)

    serve_until_signal(viewing(path, port=port, annotations=annotations), tell, as_json=as_json)
