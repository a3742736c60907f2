"""`tactful learn`: from chat logs to a policy, a prompt patch and training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import EmbeddedReaderOption, JsonFlag, LimitOption, LogFlags, ResumeFlag, StrictFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say


def learn(
    logs: Annotated[
        list[Path],
        typer.Argument(
            metavar="LOGS...",
            help="Chat logs: files of any known format, folders of them, or an earlier folder of `learn`.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for what is learned.")],
    reader: EmbeddedReaderOption = "encoder",
    to: Annotated[
        str, typer.Option("--to", help="Form of the pairs: `trl`, `llama-factory` or `openai`.")
    ] = "trl",
    exchange: Annotated[
        float,
        typer.Option("--exchange", min=0.001, max=1, help="Worth of one more exchange; 1 is a solved task."),
    ] = 0.1,
    complaint: Annotated[
        float, typer.Option("--complaint", min=0, max=1, help="Worth of one complaint of the user.")
    ] = 0.3,
    lost: Annotated[
        float, typer.Option("--lost", min=0.001, max=1, help="Worth of a task that no answer ended well.")
    ] = 1.0,
    log: LogFlags,
    limit: LimitOption = None,
    resume: ResumeFlag = False,
    strict: StrictFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Learn from what asking and answering led to: a policy, about ten lines for the system prompt, training rows.

    Example: `tactful learn logs/ --out learned`

    The folder gets `prompt.md` to paste, `learned.md` with the evidence of each line, `policy.json` for `tactful replay` and
    `tactful policy act`, and `dpo/`, `kto/` for trainers. Where there is too little evidence the prompt gets no line. A number
    of the policy is then assumed, and says so: value, λ and δ from the prices, P(rejects) and `needless` from the cost
    policy's defaults.
    """
    from textwrap import shorten

    from tactful.api.mend import learn as learned
    from tactful.mend.learning.costs import Prices
    from tactful.mend.learning.page import passed_over

    prices = Prices(exchange=exchange, complaint=complaint, lost=lost)
    found = learned(
        list(logs),
        out=out,
        reader=reader,
        to=to,
        prices=prices,
        limit=limit,
        resume=resume,
        skip_bad=not strict,
        reading=log.given(),
    )
    if as_json:
        emit_json(found.model_dump(mode="json", exclude={"situations"}))
    elif found.patch.lines:
        print_lines(found.patch.text().removesuffix("\n"))
    say(found.headline)
    if passed := passed_over(found.read):
        say(f"of the log: {passed}")
    for line in found.patch.lines if not as_json else ():
        say(f"  {shorten(line.text, 60, placeholder='…')} {line.evidence}")
    if found.patch.too_little:
        say(
            f"too little evidence for lines on {len(found.patch.too_little)} other things, which the page names"
        )
    pasted = f"; paste {out / 'prompt.md'}" if found.patch.lines else ""
    say(f"read {out / 'learned.md'}{pasted}")
    judged = out if (out / "run.json").is_file() else logs[0]  # a second lesson holds no conversations
    next_command(f"tactful replay {quoted(judged)} --policy {quoted(out / 'policy.json')} --out replayed")
