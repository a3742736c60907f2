"""A run on a cluster of two nodes (two raylets of this machine), of which one dies and another comes.

python -m tests.runs.running.ray.nodes OUT COUNT BASE_URL
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from ray.cluster_utils import Cluster

from tactful.runs import RunFolder

SIZE = {"num_cpus": 1, "object_store_memory": 80_000_000}


def main() -> int:
    out, count, base_url = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    cluster = Cluster(initialize_head=True, head_node_args={**SIZE, "include_dashboard": False})
    try:
        second = cluster.add_node(**SIZE)
        command = [sys.executable, "-m", "tests.runs.worker", str(out), str(count), "--base-url", base_url]
        run = subprocess.Popen([*command, "--workers", "2", "--ray-address", cluster.address])
        wait_for(out, count // 4, run)
        cluster.remove_node(second, allow_graceful=False)
        wait_for(out, count // 2, run)
        cluster.add_node(**SIZE)
        return run.wait(120)
    finally:
        cluster.shutdown()


def wait_for(out: Path, records: int, run: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 100
    while run.poll() is None and time.monotonic() < until:
        try:
            if RunFolder(out).counts().read >= records:
                return
        except Exception:
            pass
        time.sleep(0.1)
    raise SystemExit(f"the run did not come to {records} records")


if __name__ == "__main__":
    sys.exit(main())
