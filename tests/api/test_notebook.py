"""In a notebook a loop runs already: a run works in a thread, and stopping the cell stops it."""

import subprocess
import sys
from pathlib import Path

import pytest

STOPPED = """
import asyncio, os, signal, threading, time
from pathlib import Path
import tactful as tf
from tactful.errors import Interrupted

def press_stop():
    while not Path("runs/r/run.sqlite").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite started in the background ignores it

async def cell():
    threading.Thread(target=press_stop).start()
    try:
        tf.rollout(tf.states("planning", n=50), model="offline", passes=400, out="runs/r", progress="off")
    except Interrupted as error:
        print(error)

loop = asyncio.new_event_loop()
loop.run_until_complete(cell())
print(tf.load("runs/r").summary.interrupted)
"""


@pytest.mark.slow
def test_stopping_the_cell_stops_the_run_which_can_be_resumed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("interrupted by Ctrl-C")
    assert done.stdout.endswith("True\n"), done.stderr
