"""The data room: records in and out of files, the bundled seed tasks, imports, exports, splits.

- `read_jsonl`, `write_jsonl`: JSONL with errors that name file, line and value (`io.py`)
- `group_folds`, `train_test`, `split_by_group`: splits in which no group stands on both sides (`splits.py`)
- `load_seed_tasks`, `seed_domains`: the bundled tasks (`seeds.py`, `seeds/*.jsonl`)
- `import_mbpp`, `mbpp_states`: MBPP as states (`mbpp.py`)
- `export_pairs`: preference pairs for TRL, LLaMA-Factory, OpenAI (`export.py`)
- `check_file`: does a file hold what it should? (`check.py`)
- `make_layout`: the folders of a data project (`layout.py`)
"""

from tactful.data.io import Rows, read_jsonl, write_jsonl
from tactful.data.seeds.tasks import load_seed_tasks, seed_domains
from tactful.data.splits import Split, group_folds, split_by_group, train_test
from tactful.data.types import SeedTask

__all__ = [
    "Rows",
    "SeedTask",
    "Split",
    "group_folds",
    "load_seed_tasks",
    "read_jsonl",
    "seed_domains",
    "split_by_group",
    "train_test",
    "write_jsonl",
]
