"""The root command: collects the nouns and turns our errors into one sentence and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import typer

from tactful import __version__
from tactful.cli.audit import audit
from tactful.cli.bench import root as bench
from tactful.cli.calibrate import root as calibrate
from tactful.cli.data import root as data
from tactful.cli.doctor import doctor
from tactful.cli.feedback import root as feedback
from tactful.cli.learn import learn
from tactful.cli.policy import root as policy
from tactful.cli.reader import root as reader
from tactful.cli.replay import replay
from tactful.cli.reward import root as reward
from tactful.cli.runs import root as runs
from tactful.cli.splice import spliced
from tactful.cli.sweep import sweep
from tactful.cli.train import root as train
from tactful.cli.utterance import root as utterance
from tactful.errors import TactfulError

app = typer.Typer(
    name="tactful",
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


app.add_typer(calibrate.noun, name="calibrate")
app.add_typer(feedback.noun, name="feedback")
app.add_typer(utterance.noun, name="utterance")
app.add_typer(reward.noun, name="reward")
app.add_typer(reader.noun, name="reader")
app.add_typer(policy.noun, name="policy")
app.add_typer(train.noun, name="train")
app.add_typer(bench.noun, name="bench")
app.add_typer(data.noun, name="data")
app.add_typer(runs.noun, name="runs")
app.command("audit")(spliced(audit))
app.command("learn")(spliced(learn))
app.command("replay")(spliced(replay))
app.command("sweep")(spliced(sweep))
app.command("doctor")(spliced(doctor))


_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)


def main() -> None:
    """Run the command line. 0 done, 1 failed, 2 wrong usage, 3 refused for safety, 130 interrupted."""
    try:
        app()
    except TactfulError as error:
        print(f"tactful: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:  # a place that cannot be read or written, met where no command looks for it
        if error.filename is None and error.errno not in _OF_THE_DISK:
            raise
        print(
            f"tactful: {error.filename or 'the output'}: {error.strerror}; check the path, your permissions and the "
            "free space",
            file=sys.stderr,
        )
        sys.exit(1)
    except RuntimeError as error:  # how Path.resolve says it before Python 3.13
        if "Symlink loop" not in str(error):
            raise
        print(f"tactful: {error}: links that lead in a circle; check the path", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("tactful: interrupted", file=sys.stderr)
        sys.exit(130)
