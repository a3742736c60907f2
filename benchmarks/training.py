"""Does fine-tuning teach a real language model anything? Held out, beside the untrained model and trivial baselines.

    python benchmarks/training.py [--part a] [--minutes 5] [--model smollm2] [--dtype bf16] [--out FOLDER]

(a) a rule: Clarify where clarity < 0.4 and nothing was rejected, by SFT on the better action of each pair;
(b) which action, by DPO on calibration pairs of the bundled tasks, shown the conversation and no clarity; its reward
    on held-out tasks against the best fixed action, and P(ask) on requests of another origin;
(c) will this user accept?, by LoRA on ProactiveBench's reward set, folds by session, the embedded model beside;
(d) the user's next message, by SFT: log-likelihood and likeness before and after.

Every part trains with `tactful.train_model` and nothing else. Adapters stand in the upper third of the layers, prompts
are short, each example is seen once. Sizes grow with --minutes, the time for each part on two free cores. Figures also
go into FOLDER/training.json. Parts (b, second half), (c) and (d) need the data beside the project and say so without.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from common import machine
from learned.acceptance import acceptance
from learned.actions import actions
from learned.rule import rule
from learned.shared import Found, Setting
from learned.utterances import utterances


def main() -> None:
    """Run the parts and print their table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("a", "b", "c", "d"), help="one part alone")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each part")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--threads", type=int, default=2, help="1 where other work shares the cores")
    parser.add_argument(
        "--dtype",
        default="bf16",
        choices=("f32", "bf16"),
        help="f32 for processors that do not compute in bf16",
    )
    parser.add_argument(
        "--out", type=Path, help="new folder for models and training.json; default: a temporary one"
    )
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    parts: dict[str, Callable[[Setting], Found]] = {"a": rule, "b": actions, "c": acceptance, "d": utterances}
    out = given.out or Path(tempfile.mkdtemp(prefix="tactful-training-"))
    out.mkdir(parents=True, exist_ok=True)
    print(
        f"machine: {machine()}; {given.model}, {given.dtype}, {given.threads} threads, {given.minutes:g} minutes a part",
        flush=True,
    )
    everything = []
    for letter, part in parts.items():
        if given.part not in (None, letter):
            continue
        print(f"({letter}) {part.__doc__.splitlines()[0]}", flush=True)
        started = time.monotonic()
        found = part(Setting(given.model, given.dtype, given.minutes, out))
        found.seconds = round(time.monotonic() - started, 1)
        found.note(f"{found.seconds:.0f} s in all")
        everything.append(found)
        (out / "training.json").write_text(json.dumps([asdict(one) for one in everything], indent=1) + "\n")
    print("\n| part | measure | of | value [95%] | items | groups |\n|---|---|---|---|---|---|")
    for found in everything:
        for line in found.lines:
            print(f"| {found.part} | {' | '.join(map(str, line))} |")
    print(f"\n{out / 'training.json'}")


if __name__ == "__main__":
    main()
