"""The data room: records in and out of files, the bundled seed tasks, imports, exports, splits.

- `read_jsonl`, `write_jsonl`: JSONL with errors that name file, line and value (`io.py`)
- `split_by_group`: splits in which no group stands on both sides (`splits.py`)
- `load_document`, `save_document`: models, gates and reports as sealed JSON (`sealed.py`)
- `load_seed_tasks`, `seed_domains`: the bundled tasks (`seeds/tasks.py`, `seeds/*.jsonl`)
- `formats/`: chats, moments, traces, suggestions, MBPP, times
- `grouped`: what belongs together, wherever it stands (`grouped.py`)
- `export_pairs`, `FORMS`: pairs in the forms that trainers read (`exporting/pairs.py`, `exporting/forms.py`)
- `check_file`, `foreign_file`: does a file hold what it should, and what is it? (`check.py`, `recognise.py`)
- `init_data`: the folders of a data project (`layout.py`)
"""
