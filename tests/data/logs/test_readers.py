"""What is special to single products: native questions, interrupts, rewound branches, scores beside the log."""

import json
import zipfile
from html import escape

import pytest
from tests.data.logs.shapes import iso, lines

from tactful.data.logs import read_conversations
from tactful.data.logs.drafting.asking import HELD_BACK, answer_of

ASK = {
    "questions": [
        {"question": "Which client?", "header": "Client", "options": [{"label": "Acme"}, {"label": "Orbit"}]}
    ]
}


def read(tmp_path, raw, **options):
    file = tmp_path / "log.json"
    file.write_bytes(raw)
    log = read_conversations(file, **options)
    return list(log), log


def spoken(conversation):
    return [(turn.role, turn.content) for turn in conversation.spoken]


def claude(uuid, parent, role, content, **more):
    return {
        "type": role, "sessionId": "s", "uuid": uuid, "parentUuid": parent, "timestamp": iso(0, 1), "isSidechain": False,
        "message": {"role": role, "content": content}, **more,
    }  # fmt: skip


def test_a_question_of_claude_code_and_its_answer_are_known(tmp_path):
    rows = [
        claude("1", None, "user", "Send a reminder."),
        claude("2", "1", "assistant", [{"type": "tool_use", "id": "t", "name": "AskUserQuestion", "input": ASK}]),
        claude("3", "2", "user", [{"type": "tool_result", "tool_use_id": "t", "content": 'User has answered your questions: "Which client?"="Acme".'}]),
        claude("4", "3", "assistant", [{"type": "text", "text": "Sent."}]),
    ]  # fmt: skip
    (found,), _ = read(tmp_path, lines(rows))
    assert spoken(found) == [
        ("user", "Send a reminder."),
        ("assistant", "Which client?"),
        ("user", "Acme"),
        ("assistant", "Sent."),
    ]
    assert (found.turns[1].ask.answer, found.turns[1].ask.declined) == ("Acme", False)
    assert found.turns[1].ask.options == (("Acme", "Orbit"),)


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        (
            'answered: "Which "x"?"="Use "foo", "bar" or none". You can now continue.',
            'Use "foo", "bar" or none',
        ),
        ('answered: "A?"="Say "hi"", "B?"="No". You can', 'Say "hi"\nNo'),
        ('"A?"="Say \\"hi\\""\n"B?"="No"', 'Say "hi"\nNo'),
        ('answered: "A?"="Yes" user notes: "soon". You can', "Yes"),
    ],
)
def test_quotation_marks_in_an_answer_are_the_users(result, answer):
    assert answer_of(result, failed=False) == (answer, False)


def test_a_question_that_was_turned_down_has_no_answer(tmp_path):
    rows = [
        claude("1", None, "user", "Send a reminder."),
        claude("2", "1", "assistant", [{"type": "tool_use", "id": "t", "name": "AskUserQuestion", "input": ASK}]),
        claude("3", "2", "user", [{"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": "The user doesn't want to proceed with this tool use. To tell you how to proceed, the user said:\njust Acme"}]),
        claude("4", "3", "user", [{"type": "text", "text": "[Request interrupted by user for tool use]"}]),
    ]  # fmt: skip
    (found,), log = read(tmp_path, lines(rows))
    assert spoken(found) == [
        ("user", "Send a reminder."),
        ("assistant", "Which client?"),
        ("user", "just Acme"),
    ]
    assert found.turns[1].ask.declined
    assert found.turns[1].ask.answer is None
    assert found.turns[1].interrupted
    assert log.bad == 0


def test_a_question_that_a_hook_of_ours_held_back_was_asked_of_nobody(tmp_path):
    rows = [
        claude("1", None, "user", "Send a reminder."),
        claude("2", "1", "assistant", [{"type": "text", "text": "Let me see."}, {"type": "tool_use", "id": "t", "name": "AskUserQuestion", "input": ASK}]),
        claude("3", "2", "user", [{"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": f"Hook denied this tool: {HELD_BACK}: it has a default."}]),
        claude("4", "3", "assistant", [{"type": "text", "text": "Sent to Acme."}]),
    ]  # fmt: skip
    (found,), _ = read(tmp_path, lines(rows))
    assert [content for _, content in spoken(found)] == ["Send a reminder.", "Let me see.", "Sent to Acme."]
    assert all(turn.ask is None for turn in found.turns)


def test_machinery_of_claude_code_is_counted_and_a_rewound_message_is_a_branch(tmp_path):
    rows = [
        claude("1", None, "user", "Fix the checkout."),
        claude("2", "1", "assistant", [{"type": "text", "text": "Fixed tax."}]),
        claude("3", "2", "user", "No, undo."),
        claude("4", "3", "assistant", [{"type": "text", "text": "Undone."}]),
        claude("5", "2", "user", "The coupon, please."),
        claude("6", "5", "assistant", [{"type": "thinking", "thinking": "hm"}], **{}),
        claude("7", "6", "assistant", [{"type": "text", "text": "Fixed the coupon."}]),
        claude("8", "7", "user", "helper text", isSidechain=True),
        claude("9", "7", "user", "Caveat: …", isMeta=True),
    ]
    (found,), log = read(tmp_path, lines(rows[:-1] + rows[-1:]))
    assert [text for _, text in spoken(found) if text] == [
        "Fix the checkout.",
        "Fixed tax.",
        "The coupon, please.",
        "Fixed the coupon.",
    ]
    (branch,) = found.branches
    assert [turn.content for turn in branch.turns] == ["No, undo.", "Undone."]
    assert log.skipped == {
        "a line of a helper's own session (sidechain)": 1,
        "a line that the tool wrote for itself": 1,
    }


def test_a_question_of_codex_its_answer_and_an_interrupt_are_known(tmp_path):
    def item(kind, **payload):
        return {"timestamp": iso(0, 1), "type": "response_item", "payload": {"type": kind, **payload}}

    rows = [
        {"timestamp": iso(0, 0), "type": "session_meta", "payload": {"id": "s"}},
        {"timestamp": iso(0, 0), "type": "turn_context", "payload": {"model": "gpt-5-codex"}},
        item("message", role="user", content=[{"type": "input_text", "text": "<environment_context>\n<cwd>/x</cwd>\n</environment_context>"}]),
        item("message", role="user", content=[{"type": "input_text", "text": "Send a reminder."}]),
        item("reasoning", summary=[{"type": "summary_text", "text": "Who is it?"}], content=None),
        item("function_call", name="request_user_input", call_id="c", arguments=json.dumps(ASK)),
        item("function_call_output", call_id="c", output=json.dumps({"answers": {"q1": {"answers": ["Acme"]}}})),
        item("message", role="assistant", content=[{"type": "output_text", "text": "Sent."}]),
        {"timestamp": iso(0, 2), "type": "event_msg", "payload": {"type": "turn_aborted"}},
    ]  # fmt: skip
    (found,), log = read(tmp_path, lines(rows))
    assert spoken(found) == [
        ("user", "Send a reminder."),
        ("assistant", "Which client?"),
        ("user", "Acme"),
        ("assistant", "Sent."),
    ]
    assert found.turns[1].thoughts == "Who is it?"
    assert found.turns[3].interrupted
    assert found.model == "gpt-5-codex"
    assert log.skipped == {"written by machinery in the user's name": 1}


def node(id, parent, children, role, text, **more):
    message = {
        "id": id,
        "author": {"role": role},
        "content": {"content_type": "text", "parts": [text]},
        **more,
    }
    return {"id": id, "parent": parent, "children": children, "message": message}


def test_an_edited_message_of_chatgpt_is_a_branch_with_what_followed_it(tmp_path):
    mapping = {
        "r": {"id": "r", "parent": None, "children": ["1", "3"], "message": None},
        "1": node("1", "r", ["2"], "user", "Cook"),
        "2": node("2", "1", [], "assistant", "Rice."),
        "3": node("3", "r", ["4", "5"], "user", "Cook pasta"),
        "4": node("4", "3", [], "assistant", "Boil it."),
        "5": node("5", "3", [], "assistant", "Boil pasta."),
    }
    (found,), _ = read(tmp_path, json.dumps([{"id": "z", "mapping": mapping, "current_node": "5"}]).encode())
    assert spoken(found) == [("user", "Cook pasta"), ("assistant", "Boil pasta.")]
    assert [(branch.start, [turn.content for turn in branch.turns]) for branch in found.branches] == [
        (0, ["Cook", "Rice."]),
        (1, ["Boil it."]),
    ]


def test_marks_of_sources_are_no_words_of_chatgpt(tmp_path):
    said = "It rains. \ue200cite\ue202turn0search1\ue202turn0search2\ue201 Take a coat\ue200filecite\ue202turn1file0\ue201."
    mapping = {
        "1": node("1", None, ["2"], "user", "Rain?"),
        "2": node("2", "1", [], "assistant", said),
    }
    (found,), _ = read(tmp_path, json.dumps([{"id": "z", "mapping": mapping, "current_node": "2"}]).encode())
    assert spoken(found)[1] == ("assistant", "It rains. Take a coat.")


def replaced(conversation):
    """(the turn that was kept, the first turn of the branch that it replaced) of every branch."""
    turns = conversation.turns
    return [(turns[branch.start].content, branch.turns[0].content) for branch in conversation.branches]


def test_a_branch_stands_at_its_turn_though_requests_before_it_were_repeated(tmp_path):
    poem, shorter = "Write me a poem about the sea", "Now make it shorter please"
    rows = [
        ("1", None, "user", poem), ("2", "1", "assistant", "Waves, old"), ("3", "1", "assistant", "Waves"), ("4", "3", "user", poem),
        ("5", "4", "assistant", "Sea"), ("6", "5", "user", "Thanks"), ("7", "6", "user", "Thanks"), ("8", "7", "user", shorter),
        ("9", "8", "assistant", "Short, old"), ("10", "8", "assistant", "Short"), ("11", "10", "user", "And Peru?"), ("12", "11", "assistant", "Lima"),
    ]  # fmt: skip
    messages = {
        id: {
            "id": id,
            "parentId": parent,
            "role": role,
            "content": text,
            "childrenIds": [row[0] for row in rows if row[1] == id],
        }
        for id, parent, role, text in rows
    }
    chat = {"history": {"messages": messages, "currentId": "12"}}
    (found,), log = read(tmp_path, json.dumps([{"id": "x", "chat": chat}]).encode())
    assert [text for _, text in spoken(found)] == [
        poem,
        "Sea",
        "Thanks",
        shorter,
        "Short",
        "And Peru?",
        "Lima",
    ]
    assert replaced(found) == [("Sea", "Waves, old"), ("Short", "Short, old"), ("Sea", "Waves")]
    assert log.skipped == {"the same message twice in a row": 1}


def test_what_branched_off_inside_a_branch_is_left_out(tmp_path):
    first, second = said("assistant", "Which one?"), said("assistant", "Which order?")
    start, red, blue = said("user", "Where is it?"), said("user", "The red one"), said("user", "The blue one")
    talks = [
        ([start], "Which one?"),
        ([start, first, red], "In Rome."),
        ([start, first, blue], "In Paris."),
        ([start, second, blue], "In Lima."),
    ]
    (found,), _ = read(tmp_path, lines([call(n, *each) for n, each in enumerate(talks)]))
    assert [text for _, text in spoken(found)] == ["Where is it?", "Which order?", "The blue one", "In Lima."]
    assert replaced(found) == [("Which order?", "Which one?")]


def test_a_branch_of_chatgpt_stands_at_its_answer_though_their_thoughts_are_one(tmp_path):
    mapping = {
        "u": node("u", None, ["t"], "user", "Cook"),
        "t": node("t", "u", ["1", "2"], "assistant", "", content={"content_type": "thoughts", "thoughts": [{"content": "Rice?"}]}),
        "1": node("1", "t", [], "assistant", "Rice."),
        "2": node("2", "t", [], "assistant", "Pasta."),
    }  # fmt: skip
    (found,), _ = read(tmp_path, json.dumps([{"id": "z", "mapping": mapping, "current_node": "2"}]).encode())
    assert (found.turns[1].thoughts, replaced(found)) == ("Rice?", [("Pasta.", "Rice.")])


def test_ratings_of_open_webui_stand_with_their_answer(tmp_path):
    messages = {
        "1": {"id": "1", "parentId": None, "childrenIds": ["2", "3"], "role": "user", "content": "Hi"},
        "2": {"id": "2", "parentId": "1", "childrenIds": [], "role": "assistant", "content": "No.", "annotation": {"rating": -1, "reason": "rude"}},
        "3": {"id": "3", "parentId": "1", "childrenIds": [], "role": "assistant", "content": "Hello!", "annotation": {"rating": 1}},
    }  # fmt: skip
    chat = {"title": "t", "models": ["m"], "history": {"messages": messages, "currentId": "3"}}
    (found,), _ = read(tmp_path, json.dumps([{"id": "x", "user_id": "u", "chat": chat}]).encode())
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hello!")]
    assert found.turns[1].ratings[0].value == 1
    assert found.branches[0].turns[0].ratings[0].model_dump() == {
        "name": "annotation",
        "value": -1,
        "text": "rude",
        "by": "",
    }


def test_a_tool_of_claude_ai_that_was_called_and_gave_back_in_one_message_is_a_fact_of_it(tmp_path):
    parts = [
        {"type": "text", "text": "Sure."},
        {"type": "tool_use", "id": None, "name": "artifacts", "input": {"command": "create"}},
        {"type": "tool_result", "tool_use_id": None, "content": [{"type": "text", "text": "OK"}]},
        {"type": "text", "text": "Done."},
    ]
    messages = [
        {"sender": "human", "text": "Draw it."},
        {"sender": "assistant", "text": "", "content": parts},
    ]
    (found,), _ = read(tmp_path, json.dumps([{"uuid": "c", "chat_messages": messages}]).encode())
    assert [(turn.role, turn.content) for turn in found.turns] == [
        ("user", "Draw it."),
        ("assistant", "Sure.\nDone."),
    ]
    assert [(one.name, one.result) for one in found.turns[1].calls] == [("artifacts", "OK")]


def test_tools_and_thoughts_of_librechat_are_known(tmp_path):
    call = {
        "id": "c1",
        "name": "weather",
        "args": '{"q":"Oslo"}',
        "output": "wet",
        "type": "tool_call",
        "progress": 1,
    }
    parts = [
        {"type": "think", "think": "Oslo, then."},
        {"type": "text", "text": {"value": "Let me look."}},
        {"type": "tool_call", "tool_call": call},
        {"type": "text", "text": "It rains."},
    ]
    messages = [
        {"messageId": "1", "isCreatedByUser": True, "text": "Rain?"},
        {"messageId": "2", "parentMessageId": "1", "isCreatedByUser": False, "text": "", "content": parts},
    ]
    (found,), _ = read(tmp_path, json.dumps({"conversationId": "c", "messages": messages}).encode())
    assert spoken(found) == [("user", "Rain?"), ("assistant", "Let me look.\nIt rains.")]
    assert found.turns[1].thoughts == "Oslo, then."
    assert [(one.name, one.arguments, one.result) for one in found.turns[1].calls] == [
        ("weather", '{"q":"Oslo"}', "wet")
    ]


def test_tools_of_open_webui_are_facts_and_no_words_of_the_assistant(tmp_path):
    called = escape(json.dumps('{"q": "rain > 2"}')), escape(json.dumps('Oslo: "wet"'))
    content = (
        "Let me look.\n"
        f'<details type="tool_calls" done="true" id="c1" name="weather" arguments="{called[0]}" result="{called[1]}" files="">\n'
        "<summary>Tool Executed</summary>\n</details>\n"
        f'<details type="code_interpreter" done="true" output="{escape(json.dumps({"stdout": "4"}))}">\n<summary>Analyzed</summary>\n'
        "```python\nprint(2 + 2)\n```\n</details>\nIt rains."
    )
    messages = {
        "1": {"id": "1", "parentId": None, "childrenIds": ["2"], "role": "user", "content": "Rain?"},
        "2": {"id": "2", "parentId": "1", "childrenIds": [], "role": "assistant", "content": content},
    }
    chat = {"history": {"messages": messages, "currentId": "2"}}
    (found,), _ = read(tmp_path, json.dumps([{"id": "x", "chat": chat}]).encode())
    assert spoken(found) == [("user", "Rain?"), ("assistant", "Let me look.\nIt rains.")]
    assert [(call.name, call.arguments, call.result) for call in found.turns[1].calls] == [
        ("weather", '{"q": "rain > 2"}', 'Oslo: "wet"'),
        ("code_interpreter", "print(2 + 2)", '{"stdout":"4"}'),
    ]


@pytest.mark.parametrize("way", ["on a line", "over several lines"])
def test_a_long_talk_of_librechat_is_read_though_each_message_lies_in_the_one_before(tmp_path, way):
    messages = [
        json.dumps({"messageId": f"m{at}", "isCreatedByUser": at % 2 == 0, "text": f"Said {at}."})
        for at in range(1200)
    ]
    tree = ', "children": ['.join(one[:-1] for one in messages) + "}" + "]}" * (len(messages) - 1)
    break_ = "\n" if way == "over several lines" else ""
    (tmp_path / "c.json").write_text(f'{{{break_}"conversationId": "c", "messagesTree": [{tree}]}}')
    (found,) = read_conversations(tmp_path / "c.json")
    assert [turn.content for turn in found.turns] == [f"Said {at}." for at in range(1200)]


def test_scores_of_langfuse_in_a_file_beside_find_their_conversation(tmp_path):
    (tmp_path / "observations").mkdir()
    (tmp_path / "scores").mkdir()
    row = {
        "id": "o1",
        "traceId": "t1",
        "type": "GENERATION",
        "sessionId": "s1",
        "input": "Hi",
        "output": "Hello",
        "startTime": iso(0, 1),
    }
    (tmp_path / "observations" / "a.jsonl").write_bytes(lines([row, {**row, "id": "x", "type": "SPAN"}]))
    scores = [
        {
            "id": "1",
            "name": "helpful",
            "value": 1,
            "trace_id": "t1",
            "observation_id": "o1",
            "source": "ANNOTATION",
            "comment": "good",
        },
        {"id": "2", "name": "csat", "value": 4, "trace_id": "t1", "observation_id": None, "source": "API"},
    ]
    (tmp_path / "scores" / "b.jsonl").write_bytes(lines(scores))
    log = read_conversations(tmp_path)
    (found,) = log
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hello")]
    assert found.turns[1].ratings[0].model_dump() == {
        "name": "helpful",
        "value": 1,
        "text": "good",
        "by": "annotation",
    }
    assert [rating.name for rating in found.ratings] == ["csat"]
    assert (log.skipped, log.bad) == ({"a span that is no call of a model": 1}, 0)


def test_a_score_of_langfuse_about_a_span_rates_its_conversation(tmp_path):
    (tmp_path / "scores").mkdir()
    call = {"id": "o1", "traceId": "t1", "type": "GENERATION", "input": "Hi", "output": "Hello"}
    root = {**call, "id": "root", "type": "SPAN"}
    (tmp_path / "a.jsonl").write_bytes(lines([root, {**call, "parentObservationId": "root"}]))
    score = {"id": "1", "name": "helpful", "value": -1, "trace_id": None, "observation_id": "root"}
    (tmp_path / "scores" / "b.jsonl").write_bytes(lines([score, {**score, "observation_id": "o1"}]))
    (found,) = read_conversations(tmp_path)
    assert [rating.value for rating in found.ratings] == [-1]
    assert [rating.value for rating in found.turns[1].ratings] == [-1]


def test_feedback_of_langsmith_in_a_file_beside_finds_its_run(tmp_path):
    run = {"id": "r1", "trace_id": "r1", "run_type": "llm", "session_id": "project", "inputs": {"messages": [{"role": "user", "content": "Hi"}]}, "outputs": {"messages": [{"role": "assistant", "content": "Hello"}]}}  # fmt: skip
    (tmp_path / "a.jsonl").write_bytes(lines([run]))
    (tmp_path / "b.jsonl").write_bytes(
        lines([{"run_id": "r1", "key": "user_score", "score": 0, "comment": "meh"}])
    )
    (found,) = read_conversations(tmp_path)
    assert found.id == "r1", "session_id at the top is the project"
    assert found.turns[1].ratings[0].model_dump() == {
        "name": "user_score",
        "value": 0,
        "text": "meh",
        "by": "",
    }


CHATGPT = {"conversation_id": "c", "title": "t", "current_node": "2", "mapping": {
    "1": {"parent": None, "children": ["x", "2"], "message": {"id": "1", "author": {"role": "user"}, "content": {"parts": ["Hi"]}}},
    "x": {"parent": "1", "children": [], "message": {"id": "x", "author": {"role": "assistant"}, "content": {"parts": ["No"]}}},
    "2": {"parent": "1", "children": [], "message": {"id": "2", "author": {"role": "assistant"}, "content": {"parts": ["Hello"]}}},
}}  # fmt: skip
THUMBS = [
    {"message_id": "2", "conversation_id": "c", "user_id": "u", "rating": "thumbsUp", "content": "{}"},
    {"id": "x", "conversation_id": "c", "rating": "thumbs_down", "content": '{"text": "rude", "tags": ["unhelpful"]}'},
]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_thumbs_of_chatgpt_in_a_file_beside_or_in_its_archive_find_their_message(tmp_path, packed):
    files = {"conversations.json": [CHATGPT], "message_feedback.json": THUMBS}
    if packed:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for name, rows in files.items():
                archive.writestr(name, json.dumps(rows))
    else:
        for name, rows in files.items():
            (tmp_path / name).write_text(json.dumps(rows))
    log = read_conversations(tmp_path / "export.zip" if packed else tmp_path)
    (found,) = log
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hello")]
    assert [(rating.value, rating.text) for rating in found.turns[1].ratings] == [(1, "thumbsUp")]
    (branch,) = found.branches
    assert [(rating.value, rating.text) for rating in branch.turns[0].ratings] == [(-1, "rude; unhelpful")]
    assert (log.skipped, log.bad) == ({}, 0)


def call(n, sent, back, **more):
    return {
        "id": f"o{n}",
        "type": "GENERATION",
        "sessionId": "s",
        "traceId": f"t{n}",
        "startTime": iso(0, n),
        "input": sent,
        "output": back,
        **more,
    }


def said(role, text):
    return {"role": role, "content": text}


def test_calls_that_repeat_extend_or_leave_the_talk_are_laid_together(tmp_path):
    hi, hello, more = said("user", "Hi"), said("assistant", "Hello"), said("user", "And more?")
    rows = [
        call(1, [said("system", "Be brief."), hi], hello),
        call(2, [said("system", "Write a title."), said("user", "Hi Hello")], "A greeting"),
        call(3, [said("system", "Be brief."), hi, hello, more], "More."),
        call(4, [said("system", "Be brief."), hi, hello, more], "Even more."),
        call(5, [hello, more, said("assistant", "Even more."), said("user", "ok")], "Bye."),
    ]
    (found,), log = read(tmp_path, lines(rows))
    assert spoken(found) == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "And more?"),
        ("assistant", "Even more."),
        ("user", "ok"),
        ("assistant", "Bye."),
    ]
    assert [[turn.content for turn in branch.turns] for branch in found.branches] == [["More."]]
    assert log.skipped == {"a call beside the conversation (a title, a summary, another agent)": 1}


def test_calls_that_only_hold_the_last_message_are_laid_end_to_end(tmp_path):
    (found,), _ = read(tmp_path, lines([call(1, "Hi", "Hello"), call(2, "And more?", "More.")]))
    assert spoken(found) == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "And more?"),
        ("assistant", "More."),
    ]


def test_first_words_that_come_again_in_calls_without_history_begin_another_exchange(tmp_path):
    exchanges = [("hi", "Hello"), ("Book a table", "For how many?"), ("hi", "Welcome back"), ("hi", "Hello")]
    (found,), _ = read(tmp_path, lines([call(n, *each) for n, each in enumerate(exchanges)]))
    assert spoken(found) == [
        ("user", "hi"),
        ("assistant", "Hello"),
        ("user", "Book a table"),
        ("assistant", "For how many?"),
        ("user", "hi"),
        ("assistant", "Welcome back"),
        ("user", "hi"),
        ("assistant", "Hello"),
    ]
    assert found.branches == ()


def test_requests_that_are_sent_without_what_was_said_before_keep_their_tools_and_their_order(tmp_path):
    def asked(id):
        return {
            "role": "assistant",
            "tool_calls": [{"id": id, "function": {"name": "look", "arguments": "{}"}}],
        }

    rows = []
    for n, (words, answer) in enumerate([("hi", "Hello"), ("Book", "For how many?"), ("hi", "Welcome back")]):
        told = {"role": "tool", "tool_call_id": f"{n}", "content": f"found {n}"}
        rows.append(call(2 * n, [said("user", words)], asked(f"{n}")))
        rows.append(call(2 * n + 1, [said("user", words), asked(f"{n}"), told], answer))
    (found,), _ = read(tmp_path, lines(rows))
    assert [text for _, text in spoken(found)] == [
        "hi",
        "",
        "Hello",
        "Book",
        "",
        "For how many?",
        "hi",
        "",
        "Welcome back",
    ]
    assert [each.result for turn in found.turns for each in turn.calls] == ["found 0", "found 1", "found 2"]
    assert found.branches == ()


def test_first_words_that_come_again_right_after_their_answer_are_a_regeneration(tmp_path):
    (found,), _ = read(tmp_path, lines([call(1, "hi", "Hello"), call(2, "hi", "Hi there")]))
    assert spoken(found) == [("user", "hi"), ("assistant", "Hi there")]
    assert [(branch.start, branch.turns[0].content) for branch in found.branches] == [(1, "Hello")]


def langchain(*texts):
    return [
        {"type": ("human", "ai")[place % 2], "content": text, "id": f"m{place}"}
        for place, text in enumerate(texts)
    ]


def test_a_thread_whose_outputs_hold_all_that_was_said_is_told_once(tmp_path):
    talk = langchain("Book a flight", "Where to?", "To Rome", "Booked.")
    traces = [
        {"id": f"t{n}", "sessionId": "s", "timestamp": iso(0, n), "input": {"messages": [said("user", talk[2 * n]["content"])]}, "output": {"messages": talk[: 2 * n + 2]}}
        for n in range(2)
    ]  # fmt: skip
    runs = [
        {"id": f"t{n}", "trace_id": f"t{n}", "run_type": "chain", "start_time": iso(0, n), "extra": {"metadata": {"thread_id": "s", "ls_model_name": "m"}}, "inputs": trace["input"], "outputs": trace["output"]}
        for n, trace in enumerate(traces)
    ]  # fmt: skip
    for rows in (traces, runs):
        (found,), log = read(tmp_path, lines(rows))
        assert [(turn.role, turn.content, turn.at.second) for turn in found.spoken] == [
            ("user", "Book a flight", 0),
            ("assistant", "Where to?", 0),
            ("user", "To Rome", 1),
            ("assistant", "Booked.", 1),
        ]
        assert (found.turns[1].id, found.turns[3].id) == ("t0", "t1")
        assert (found.branches, log.skipped) == ((), {})


def test_steps_of_an_agent_in_a_thread_are_turns_of_their_own_and_no_branches(tmp_path):
    asked = {
        "type": "ai",
        "content": "",
        "id": "a",
        "tool_calls": [{"name": "weather", "args": {}, "id": "1"}],
    }
    first = [*langchain("Weather in Rome?"), asked, {"type": "tool", "content": "20C", "tool_call_id": "1"}, {"type": "ai", "content": "20 degrees.", "id": "b"}]  # fmt: skip
    thread = [*first, {"type": "human", "content": "Thanks"}, {"type": "ai", "content": "Welcome."}]
    rows = [
        call(1, {"messages": [said("user", "Weather in Rome?")]}, {"messages": first}, type="AGENT"),
        call(2, {"messages": [said("user", "Thanks")]}, {"messages": thread}, type="AGENT"),
    ]
    (found,), _ = read(tmp_path, lines(rows))
    assert spoken(found) == [
        ("user", "Weather in Rome?"),
        ("assistant", ""),
        ("assistant", "20 degrees."),
        ("user", "Thanks"),
        ("assistant", "Welcome."),
    ]
    assert (found.turns[1].calls[0].result, found.branches) == ("20C", ())


def test_tool_calls_inside_a_log_of_calls_are_facts(tmp_path):
    tool = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "tool_calls": [tool]}
    rows = [
        call(1, [said("user", "Weather in Rome?")], asked),
        call(
            2,
            [
                said("user", "Weather in Rome?"),
                asked,
                {"role": "tool", "tool_call_id": "1", "content": "20C"},
            ],
            "20 degrees.",
        ),
    ]
    (found,), _ = read(tmp_path, lines(rows))
    assert spoken(found) == [("user", "Weather in Rome?"), ("assistant", ""), ("assistant", "20 degrees.")]
    assert (found.turns[1].calls[0].name, found.turns[1].calls[0].result) == ("weather", "20C")


def span(*messages):
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(messages)}
    return {"name": "chat", "traceId": "t", "spanId": "s", "attributes": attributes}


def test_results_that_are_parts_of_a_tools_message_find_the_calls_that_they_name(tmp_path):
    named = [{"type": "tool_call", "id": id, "name": id, "arguments": {}} for id in "ab"]
    answers = [{"type": "tool_call_response", "id": id, "response": f"of {id}"} for id in "ba"]
    rows = [said("user", "Go"), {"role": "assistant", "parts": named}]
    (found,), _ = read(tmp_path, lines([span(*rows, *({"role": "tool", "parts": [one]} for one in answers))]))
    assert [(call.name, call.result) for call in found.turns[1].calls] == [("a", "of a"), ("b", "of b")]
    (found,), _ = read(tmp_path, lines([span(*rows, {"role": "tool", "parts": answers})]))
    assert [(call.name, call.result) for call in found.turns[1].calls] == [("a", "of a"), ("b", "of b")]


def vercel(output):
    return [
        said("user", "Book"),
        {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "k", "toolName": "askUser", "args": {"question": "Where?"}}]},
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "k", "toolName": "askUser", **output}]},
        said("assistant", "Done."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "messages",
    [
        vercel({"output": {"type": "text", "value": "Paris"}}),
        vercel({"output": {"type": "json", "value": {"answer": "Paris"}}}),
        vercel({"result": "Paris"}),
    ],
)
def test_an_answer_that_is_a_part_of_a_tools_message_is_the_users_words_alone(tmp_path, messages):
    (found,), _ = read(tmp_path, lines([{"messages": messages}]))
    assert spoken(found) == [
        ("user", "Book"),
        ("assistant", "Where?"),
        ("user", "Paris"),
        ("assistant", "Done."),
    ]


def test_a_failed_question_that_is_a_part_of_a_tools_message_was_answered_by_nobody(tmp_path):
    messages = vercel({"output": {"type": "error-text", "value": "No window is open"}})
    (found,), _ = read(tmp_path, lines([{"messages": messages}]))
    assert spoken(found) == [("user", "Book"), ("assistant", "Where?"), ("assistant", "Done.")]
    assert found.turns[1].calls[0].failed


def test_spans_without_text_are_counted_and_numbered_attributes_are_read(tmp_path):
    spans = [
        {"name": "chat", "trace_id": "a", "attributes": {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}},
        {"name": "chat", "trace_id": "b", "attributes": {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Hi", "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "Hello"}},
        {"name": "embeddings", "trace_id": "c", "attributes": {"gen_ai.operation.name": "embeddings"}},
        {"name": "chat", "trace_id": "d", "attributes": {"gen_ai.operation.name": "chat"}, "events": [
            {"name": "gen_ai.user.message", "attributes": {}, "body": {"content": "Yo"}},
            {"name": "gen_ai.choice", "attributes": {}, "body": {"index": 0, "message": {"role": "assistant", "content": "Hey"}}},
        ]},
    ]  # fmt: skip
    found, log = read(tmp_path, lines(spans))
    assert [spoken(item) for item in found] == [
        [("user", "Hi"), ("assistant", "Hello")],
        [("user", "Yo"), ("assistant", "Hey")],
    ]
    assert log.skipped["a span whose text was not recorded"] == 1
    assert log.skipped["a span that is no call of a model"] == 1


@pytest.mark.parametrize(
    "damage",
    [
        {"attributes": [{"key": "x", "value": {"arrayValue": None}}]},
        {"attributes": [{"key": "x", "value": {"kvlistValue": {"values": [None]}}}]},
        {"resourceSpans": [None, {"resource": None, "scopeSpans": [None, {"spans": [None]}]}]},
    ],
)
def test_a_span_with_nulls_costs_no_other(tmp_path, damage):
    (found,), log = read(tmp_path, lines([damage, span(said("user", "Hi"))]), format="otel")
    assert spoken(found) == [("user", "Hi")]
    assert log.bad + log.skipped["a span that is no call of a model"] == 1
    assert read(tmp_path, lines([damage]))[0] == []


def test_the_losing_answer_of_an_arena_is_a_branch(tmp_path):
    row = {"question_id": "q", "model_a": "a", "model_b": "b", "winner": "model_b", "conversation_a": [said("user", "Hi"), said("assistant", "No.")], "conversation_b": [said("user", "Hi"), said("assistant", "Hello!")]}  # fmt: skip
    (found,), _ = read(tmp_path, lines([row]))
    assert (spoken(found), found.model) == ([("user", "Hi"), ("assistant", "Hello!")], "b")
    assert [turn.content for turn in found.branches[0].turns] == ["No."]


def test_tool_calls_and_observations_of_atif_are_facts(tmp_path):
    steps = [
        {"step_id": 1, "source": "user", "message": "Weather?"},
        {"step_id": 2, "source": "agent", "message": "", "reasoning_content": "look", "tool_calls": [{"tool_call_id": "1", "function_name": "w", "arguments": {"city": "Rome"}}], "observation": {"results": [{"source_call_id": "1", "content": "20C"}]}},
        {"step_id": 3, "source": "agent", "message": "20 degrees."},
    ]  # fmt: skip
    row = {
        "schema_version": "ATIF-v1.7",
        "session_id": "s",
        "agent": {"name": "a", "version": "1"},
        "steps": steps,
    }
    (found,), _ = read(tmp_path, lines([row]))
    assert (found.turns[1].thoughts, found.turns[1].calls[0].arguments, found.turns[1].calls[0].result) == (
        "look",
        '{"city":"Rome"}',
        "20C",
    )


def test_a_tree_of_openassistant_takes_the_best_ranked_path(tmp_path):
    rows = [
        {
            "message_id": "1",
            "parent_id": None,
            "text": "Hi",
            "role": "prompter",
            "lang": "en",
            "message_tree_id": "1",
        },
        {
            "message_id": "2",
            "parent_id": "1",
            "text": "Best.",
            "role": "assistant",
            "rank": 0,
            "message_tree_id": "1",
        },
        {
            "message_id": "3",
            "parent_id": "1",
            "text": "Worse.",
            "role": "assistant",
            "rank": 1,
            "message_tree_id": "1",
        },
    ]
    (found,), _ = read(tmp_path, lines(rows))
    assert (spoken(found), found.lang) == ([("user", "Hi"), ("assistant", "Best.")], "en")
    assert [turn.content for turn in found.branches[0].turns] == ["Worse."]


def test_a_reply_of_openassistant_that_nobody_ranked_is_not_taken_before_the_best(tmp_path):
    ranks = [("2", 1), ("3", None), ("4", 0), ("5", None)]
    rows = [{"message_id": "1", "parent_id": None, "text": "Hi", "role": "prompter", "rank": None}]
    rows += [
        {"message_id": id, "parent_id": "1", "text": f"{rank}", "role": "assistant", "rank": rank}
        for id, rank in ranks
    ]
    (found,), _ = read(tmp_path, lines(rows))
    assert spoken(found) == [("user", "Hi"), ("assistant", "0")]
    assert len(found.branches) == 3


def test_short_words_that_come_again_are_no_regeneration(tmp_path):
    talk = [
        said("user", "Write a story"),
        said("assistant", "Once"),
        said("user", "continue"),
        said("assistant", "upon"),
        said("user", "continue"),
        said("assistant", "a time"),
    ]
    (found,), _ = read(tmp_path, lines([{"messages": talk}]))
    assert len(found.spoken) == 6
    assert not found.branches


def test_what_was_attached_to_a_message_of_claude_ai_is_part_of_it(tmp_path):
    pasted = {"file_name": "notes.txt", "file_type": "txt", "extracted_content": "The launch moves to May."}
    talk = [
        {"uuid": "1", "sender": "human", "text": "Summarise this.", "attachments": [pasted, {"file_name": "empty.txt"}]},
        {"uuid": "2", "sender": "assistant", "text": "The launch is in May.", "attachments": []},
        {"uuid": "3", "sender": "human", "text": "", "content": [], "attachments": [pasted | {"file_name": ""}]},
    ]  # fmt: skip
    (one,), _ = read(tmp_path, json.dumps([{"uuid": "c", "chat_messages": talk}]).encode())
    assert [content for _, content in spoken(one)] == [
        "Summarise this.\nnotes.txt\nThe launch moves to May.",
        "The launch is in May.",
        "[attached: a text]",  # its words are no answer to what was said before
    ]
