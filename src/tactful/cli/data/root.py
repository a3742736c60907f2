"""`tactful data`: files in, files checked, files out for trainers."""

from tactful.cli.data.activity import activitywatch
from tactful.cli.data.audit import proactivebench
from tactful.cli.data.chats import chats
from tactful.cli.data.check import check
from tactful.cli.data.export import export
from tactful.cli.data.imports import mbpp
from tactful.cli.data.init import init
from tactful.cli.data.seeds import moments
from tactful.cli.splice import noun_of

noun = noun_of("Bring data in, check it, and export it for trainers.", init, check, export)
noun.add_typer(
    noun_of(
        "Turn chat logs into conversations, activity logs into work sessions, public data sets into states.",
        chats,
        activitywatch,
        mbpp,
    ),
    name="import",
)
noun.add_typer(noun_of("Say what is wrong with a published set.", proactivebench), name="audit")
noun.add_typer(noun_of("Write bundled data into a file of yours.", moments), name="seeds")
