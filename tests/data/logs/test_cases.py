"""Small files as products write them: each holds the dialogue that it should."""

from pathlib import Path

import pytest

from tactful.data.logs import read_conversations

CASES = Path(__file__).parent / "cases"
PASTA = [
    ("user", "Give me a pasta recipe."),
    ("assistant", "Boil pasta, add tomato."),
    ("user", "Perfect, thank you!"),
]
RIGHT = {
    "01_sharegpt.jsonl": ("sharegpt", [PASTA]),
    "02_sharegpt_roles.jsonl": ("sharegpt", [PASTA]),
    "03_array.json": ("sharegpt", [PASTA]),
    "04_array_openai.json": ("openai", [PASTA]),
    "05_openai_tools.jsonl": (
        "openai",
        [[("user", "Weather in Rome?"), ("assistant", ""), ("assistant", "20 degrees."), PASTA[2]]],
    ),
    "06_wildchat.jsonl": ("openai", [PASTA]),
    "07_lmsys.jsonl": ("openai", [PASTA]),
    "09_chatgpt.json": ("chatgpt", [PASTA]),
    "10_claude_ai.json": ("claude-ai", [PASTA]),
    "11_claude_code.jsonl": ("claude-code", [PASTA]),
    "12_codex.jsonl": ("codex", [PASTA[:2]]),
    "14_reasoning_parts.jsonl": ("openai", [PASTA]),
    "17_model_role.jsonl": ("openai", [PASTA]),
    "19_oasst.jsonl": ("oasst", [PASTA[:2]]),
    "20_langfuse.jsonl": ("langfuse", [[*PASTA, ("assistant", "Welcome!")]]),
    "21_langsmith.jsonl": ("langsmith", [[*PASTA, ("assistant", "x")]]),
    "22_langchain.jsonl": ("openai", [PASTA]),
    "30_pretty.jsonl": ("openai", [PASTA]),
    "43_sharegpt_tool.jsonl": ("sharegpt", [[PASTA[0], ("assistant", ""), *PASTA[1:]]]),
    "44_cut.jsonl": ("openai", [PASTA]),
    "50_blank_answer.jsonl": (
        "openai",
        [
            [PASTA[0], ("assistant", ""), PASTA[2]],
            [PASTA[0], ("assistant", "  \n"), ("user", "That is wrong.")],
            [PASTA[0], ("assistant", ""), PASTA[2]],
        ],
    ),
    "51_regenerate.jsonl": ("openai", [[PASTA[0], ("assistant", "Cook rice."), PASTA[2]], PASTA]),
    "52_think.jsonl": ("openai", [PASTA, PASTA]),
    "55_tool_result_text.jsonl": (
        "openai",
        [[("user", "Fix the test."), ("assistant", "Running it."), ("assistant", "Fixed."), PASTA[2]]],
    ),
}


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_each_file_gives_what_it_holds(name):
    found = list(read_conversations(CASES / name))
    format, talks = RIGHT[name]
    assert {item.format for item in found} == {format}
    assert [[(turn.role, turn.content) for turn in item.spoken] for item in found] == talks
