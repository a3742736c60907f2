"""Put the results of a demo into README.md and docs/assets: its table, and the Pareto pictures.

make demo
python tools/refresh_readme.py runs/calibrate-demo-<time>
"""

from __future__ import annotations

import sys
from pathlib import Path

from tactful.api.tables import Table
from tactful.cli.calibrate.demo import DOMAINS
from tactful.evaluation.policies.plots import pareto_svg
from tactful.evaluation.policies.report import read_evaluation
from tactful.evaluation.policies.tables import policy_table

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- demo: begin -->\n", "<!-- demo: end -->"


def main(arguments: list[str]) -> int:
    """Rewrite the block between the markers; exit 2 on wrong usage."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    found = [read_evaluation(Path(arguments[0]) / domain / "evaluate") for domain in DOMAINS]
    lines = []
    for item in found:
        lines += [*Table(*policy_table(item), []).lines(), f"  {item.headline()}", ""]
        picture = ROOT / "docs" / "assets" / f"pareto-{item.domain}.svg"
        picture.write_text(pareto_svg(item, f"-{item.domain}").rstrip() + "\n", encoding="utf-8")
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    block = "```text\n" + "\n".join(lines).rstrip() + "\n```\n"
    readme.write_text(f"{before}{BEGIN}{block}{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
