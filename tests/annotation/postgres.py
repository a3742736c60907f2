"""A real PostgreSQL server for tests: Debian's own binaries, in a folder of its own, on a free port, ended with the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def find_server() -> Path | None:
    """The folder of the server's programs: the newest that Debian has, else beside what is on the path; None: there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: float(one.parts[-3]))
    found = debian[-1] if debian else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a fresh server, as `postgresql://…/`. Raises: LookupError that says why there can be none."""
    programs = find_server()
    if programs is None:
        raise LookupError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    runner = _as_nobody_special()
    folder = Path(tempfile.mkdtemp(prefix="tactful-pg-", dir="/tmp" if os.geteuid() == 0 else None))
    try:
        if runner:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        first = [
            *runner,
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "tactful",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        made = subprocess.run(first, capture_output=True, text=True, check=False, cwd=folder)
        if made.returncode:
            raise LookupError(f"initdb failed: {made.stderr.strip()[:300]}")
        port = _free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=120"
        start = [
            *runner,
            str(programs / "pg_ctl"),
            "-D",
            str(data),
            "-o",
            options,
            "-w",
            "-t",
            "60",
            "-l",
            str(folder / "log"),
            "start",
        ]
        started = subprocess.run(start, capture_output=True, text=True, check=False, cwd=folder)
        if started.returncode:
            raise LookupError(f"the server did not start: {(folder / 'log').read_text()[-300:]}")
        try:
            yield f"postgresql://tactful@127.0.0.1:{port}/"
        finally:
            stop = [*runner, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, capture_output=True, check=False, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_nobody_special() -> list[str]:
    """PostgreSQL refuses to run as root: there, as Debian's user of it."""
    if os.geteuid() != 0:
        return []
    import pwd

    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise LookupError("root cannot run PostgreSQL, and there is no user 'postgres'") from None
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
