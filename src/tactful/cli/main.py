"""The root command: collects the nouns and turns our errors into one sentence and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from tactful import __version__
from tactful.cli.lazy import Lazy, Place
from tactful.errors import TactfulError, UsageError, visible

COMMANDS = {
    "audit": Place(
        "audit:audit",
        "Say how often an assistant asks, which questions were needless, where it guessed, and write a page about it.",
    ),
    "learn": Place(
        "learn:learn",
        "Learn from what asking and answering led to: a policy, about ten lines for the system prompt, training rows.",
    ),
    "replay": Place(
        "replay:replay",
        "Decide every turn of a log anew, and show what would have changed: for the better, for the worse, not known.",
    ),
    "sweep": Place(
        "sweep:sweep",
        "Run a command once for each combination of a grid, and put all of them into one table.",
    ),
    "view": Place(
        "view:view",
        "Look at runs in the browser: what the policy did at each turn, how sure it was, and what the other branch got.",
    ),
    "doctor": Place(
        "doctor:doctor", "Check Python, the sandbox, the encoder, and an endpoint with its model."
    ),
    "calibrate": Place("calibrate.root:noun", "From tasks to preference pairs, a policy and its measure."),
    "feedback": Place("feedback.root:noun", "What the user's next message says about the last answer."),
    "utterance": Place("utterance.root:noun", "Predict what the user says next: data and its measure."),
    "gym": Place("gym.root:noun", "People at work, offers of help, and what came of them."),
    "reward": Place("reward.root:noun", "Will the user accept this proposal, now?"),
    "reader": Place(
        "reader.root:noun", "Read requests, reactions and offers; train and measure readers on your labels."
    ),
    "policy": Place("policy.root:noun", "Which action now? Train, ask, explain and serve a policy."),
    "train": Place("train.root:noun", "Fine-tune a language model on data of ours."),
    "bench": Place("bench.root:noun", "Reports of what was measured."),
    "annotate": Place("annotate.root:noun", "People judge, how far they agree, and what is made of it."),
    "live": Place("live.root:noun", "Decisions for a running assistant, turn by turn."),
    "data": Place("data.root:noun", "Bring data in, check it, and export it for trainers."),
    "runs": Place("runs.root:noun", "Look at runs, take failures again, write their outputs."),
}
"""Noun, or verb without one → where it is and its first line of help: only what is called is imported."""

app = typer.Typer(
    name="tactful",
    cls=Lazy.of(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tactful {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Teach AI assistants when to speak up, when to ask, and when to stay quiet.

    Example: `tactful calibrate demo` plays the whole loop offline, without key or GPU, and writes a report.
    """


def _say(problem: str) -> None:
    print(visible(f"tactful: {problem}"), file=sys.stderr)


_DOUBLE_SLASH = re.compile(r"(?:-[^=]*=)?((?!https?:)[a-z][a-z0-9+.-]+://[^/].*?)(?<!:)//", re.IGNORECASE)


def _refuse_double_slashes(words: Iterable[str]) -> None:
    """Paths read two slashes as one; in a store they are another key. Raises: UsageError."""
    for word in words:
        if found := _DOUBLE_SLASH.match(word):
            raise UsageError(
                f"{word}: a key with '//' cannot be named alone; give what stands before it, {found[1]}, under which a "
                "log is read with the others, or copy the object to another key"
            )


_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)


def main() -> None:
    """Run the command line. 0 done, 1 failed, 2 wrong usage, 3 refused for safety, 130 interrupted."""
    try:
        _refuse_double_slashes(sys.argv[1:])
        app()
    except TactfulError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:  # a place that cannot be read or written, met where no command looks for it
        if error.filename is None and error.errno not in _OF_THE_DISK:
            raise
        _say(
            f"{error.filename or 'the output'}: {error.strerror}; check the path, your permissions and the free space"
        )
        sys.exit(1)
    except RuntimeError as error:  # how Path.resolve says it before Python 3.13
        if "Symlink loop" not in str(error):
            raise
        _say(f"{error}: links that lead in a circle; check the path")
        sys.exit(1)
    except KeyboardInterrupt:
        print("tactful: interrupted", file=sys.stderr)
        sys.exit(130)
