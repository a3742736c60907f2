"""Run the notebooks in examples/ and keep what they print, so that a reader sees what the code does today.

python tools/notebooks.py            run all and write their outputs
python tools/notebooks.py --check    exit 1 where a notebook says anything else than it prints
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TIMEOUT_S = 300


def executed(path: Path) -> NotebookNode:
    """The notebook, run from top to bottom in an empty folder; without what differs from machine to machine."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, kernel_name="python3", timeout=TIMEOUT_S, resources=resources).execute()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


def said(notebook: NotebookNode) -> Iterator[str]:
    """What each output says; of pictures, that there is one."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            yield output.get("text") or data.get("text/html") or data["text/plain"].split(" at ")[0]


def main(arguments: list[str]) -> int:
    """Write or check every notebook."""
    stale = False
    for path in sorted(EXAMPLES.glob("*.ipynb")):
        found = executed(path)
        if "--check" not in arguments:
            nbformat.write(found, path)
        elif list(said(found)) != list(said(nbformat.read(path, as_version=4))):
            print(f"{path.name} prints something else now; run tools/notebooks.py and read the difference")
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
