"""From inputs to requests: text exactly as sent, cues, shots, cacheable prefixes, threads, images, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

import scansion.prompts as prompts
from scansion.errors import InputError, ProgramError
from scansion.types import Completion, Example, ImagePart, Message, Output, Request, TextPart, ToolCall, request_digest


class Fixed:
    """Shots that are given."""

    spec = "shots(2)"

    def __init__(self, *examples: Example, fixed: bool = True) -> None:
        self.examples, self.fixed = examples, fixed

    def check(self, channel: Any) -> None: ...

    async def select(self, inputs: Any, lm: Any, render: Any = None) -> Sequence[Example]:
        return self.examples


SHOTS = (
    Example("1", {"question": "1+1?"}, "2", rationale="One and one make two."),
    Example("2", {"question": "2+2?"}, 4),
)
CHAT = "---\n---\nsystem:\nCount.\n\nuser:\n{{question}}\n"
BASE = "---\nmodel:\n  apiType: completion\n---\nQ: {{question}}\nA:\n"


def turns(request: Request) -> list[tuple[str, Any]]:
    return [(m.role, m.content) for m in request.messages]


def test_a_completion_body_is_sent_as_written() -> None:
    text = "---\nmodel:\n  apiType: completion\n---\n\n  user:\n{{q}} \n\n"
    prompt = prompts.from_text(text, "p")
    assert prompt.kind == "completion"
    request = prompt.render({"q": " x\n"})
    assert request.text == "\n  user:\n x\n \n"
    assert request.messages == ()


def test_a_file_without_front_matter_is_one_user_message() -> None:
    prompt = prompts.from_text("\nsystem:\n{{q}}  \n\n", "p")
    assert turns(prompt.render({"q": "x"})) == [("user", "\nsystem:\nx  \n")]
    assert "role markers are not read" in prompt.notes[0]
    assert prompts.from_text("{{q}}", "p").notes == ()


def test_a_chat_body_without_markers_is_one_user_message() -> None:
    assert turns(prompts.from_text("---\n---\n\n\n {{q}}\n\n", "p").render({"q": "x"})) == [("user", " x")]


def test_text_before_the_first_marker_is_a_system_message() -> None:
    assert turns(prompts.from_text("---\n---\nBe kind.\n\nuser:\nx", "p").render({})) == [
        ("system", "Be kind."),
        ("user", "x"),
    ]


def test_markers_with_heading_signs_names_and_capitals() -> None:
    text = '---\n---\n# System:\nS\n  USER[name="Ann Lee", k=1]:\nU\nassistant [no]:\nuser[0]:\ndeveloper:'
    request = prompts.from_text(text, "p").render({})
    assert turns(request) == [("system", "S"), ("user", "U\nassistant [no]:\nuser[0]:\ndeveloper:")]
    assert request.messages[1].name == "Ann Lee"
    with pytest.raises(InputError, match="p:4: a role marker cannot hold template code"):
        prompts.from_text("---\n---\nx\nuser[name={{x}}]:\n", "p")


def test_markers_in_branches() -> None:
    text = "---\n---\n{% if polite %}\nsystem:\nBe polite.\n{% endif %}\nuser:\nx"
    prompt = prompts.from_text(text, "p")
    assert turns(prompt.render({"polite": True})) == [("system", "Be polite."), ("user", "x")]
    assert turns(prompt.render({"polite": False})) == [("user", "x")]


def test_line_ends_of_the_file_are_read_as_lf_and_those_of_values_are_kept() -> None:
    prompt = prompts.from_text("\ufeff---\r\nname: x\r\n---\r\nsystem:\r\na\r\nb\r\nuser:\r\n{{q}}\r\n", "p")
    assert turns(prompt.render({"q": "1\r\n2"})) == [("system", "a\nb"), ("user", "1\r\n2")]
    assert prompt.version == prompts.from_text("---\nname: x\n---\nsystem:\na\nb\nuser:\n{{q}}\n", "p").version


def test_unicode() -> None:
    prompt = prompts.from_text("---\n---\nuser:\nПереведи «{{ текст }}» 🙂", "p")
    assert prompt.variables == ("текст",)
    assert prompt.render({"текст": "e\u0301 \u202e"}).messages[0].content == "Переведи «e\u0301 \u202e» 🙂"


def test_a_cue_stands_in_the_last_user_turn_after_a_blank_line() -> None:
    text = "---\n---\nsystem:\nS\n\nuser:\nA\n\nassistant:\nB\n\nuser:\n{{question}}\n\nassistant:\nSo"
    request = prompts.from_text(text, "p").with_cue("Think.").render({"question": "Q\n"})
    assert [m.content for m in request.messages] == ["S", "A", "B", "Q\n\n\nThink.", "So"]
    assert turns(prompts.from_text("---\n---\nsystem:\nS", "p").with_cue("Go.").render({})) == [
        ("system", "S"),
        ("user", "Go."),
    ]
    assert prompts.from_text("Q", "p").with_cue("Go.").render({}).messages[0].content == "Q\n\nGo."


def test_a_cue_on_a_completion_prompt_stands_after_one_space() -> None:
    prompt = prompts.from_text(BASE, "p").with_cue("Let's think step by step.")
    assert prompt.render({"question": "1+1?"}).text == "Q: 1+1?\nA: Let's think step by step."
    assert prompt.with_cue("Yes.").render({"question": "x"}).text == "Q: x\nA: Let's think step by step. Yes."


def test_a_cue_after_an_image() -> None:
    text = "---\ninputs:\n  - {name: photo, kind: image}\n---\nuser:\nLook\n{{photo}}\n"
    request = prompts.from_text(text, "p").with_cue("Think.").render({"photo": "https://a.example/b.png"})
    image = ImagePart(url="https://a.example/b.png")
    assert request.messages[0].content == (TextPart("Look"), image, TextPart("Think."))


def test_shots_stand_before_the_last_user_turn() -> None:
    request = prompts.from_text(CHAT, "p").render({"question": "3+3?"}, SHOTS)
    expected = ["Count.", "1+1?", "2", "2+2?", "4", "3+3?"]
    assert [m.content for m in request.messages] == expected
    assert [m.role for m in request.messages] == ["system", *["user", "assistant"] * 2, "user"]


def test_shots_with_a_cue_show_their_rationale() -> None:
    request = prompts.from_text(CHAT, "p").with_cue("Think.").render({"question": "3+3?"}, SHOTS)
    assert [m.content for m in request.messages] == [
        "Count.",
        "1+1?\n\nThink.",
        "One and one make two.\n\n2",
        "2+2?",
        "4",
        "3+3?\n\nThink.",
    ]


def test_shots_of_a_completion_prompt_stand_in_front() -> None:
    prompt = prompts.from_text(BASE, "p")
    assert prompt.render({"question": "3+3?"}, SHOTS).text == "Q: 1+1?\nA: 2\n\nQ: 2+2?\nA: 4\n\nQ: 3+3?\nA:"
    thinking = prompt.with_cue("Think.").render({"question": "3+3?"}, SHOTS)
    assert thinking.text == ("Q: 1+1?\nA: Think. One and one make two. 2\n\nQ: 2+2?\nA: 4\n\nQ: 3+3?\nA: Think.")


def test_shots_of_a_plain_text() -> None:
    request = prompts.from_text("Say {{question}}", "p").render({"question": "c"}, SHOTS[:1])
    assert turns(request) == [("user", "Say 1+1?"), ("assistant", "2"), ("user", "Say c")]


def test_shots_where_the_template_says() -> None:
    text = (
        "---\n---\nsystem:\n{% for s in shots %}{{ s.question }} -> {{ s.target }} ({{ s.rationale }})"
        "{{ s.inputs.question|length }}\n{% endfor %}\nuser:\n{{question}}"
    )
    prompt = prompts.from_text(text, "p")
    assert prompt.uses_shots
    assert prompt.variables == ("question",)
    request = prompt.render({"question": "q"}, SHOTS)
    assert turns(request) == [("system", "1+1? -> 2 (One and one make two.)4\n2+2? -> 4 ()4"), ("user", "q")]
    assert prompt.render({"question": "q"}).messages[0].content == ""


def test_shots_as_turns_in_the_template() -> None:
    text = (
        "---\n---\nsystem:\nS\n{% for shot in shots %}\nuser:\n{{ shot.question }}\nassistant:\n{{ shot.target }}\n"
        "{% endfor %}\nuser:\n{{ question }}"
    )
    prompt = prompts.from_text(text, "p")
    assert [m.content for m in prompt.render({"question": "q"}, SHOTS).messages] == ["S", "1+1?", "2", "2+2?", "4", "q"]
    assert prompt.render({"question": "q"}, SHOTS).cache_prefix == 0
    assert prompt.with_shots(Fixed(*SHOTS)).render({"question": "q"}, SHOTS).cache_prefix == 5


def test_a_shot_needs_a_target_and_a_user_turn() -> None:
    with pytest.raises(InputError, match="the shot '9' has no target"):
        prompts.from_text(CHAT, "p").render({"question": "q"}, [Example("9", {"question": "x"})])
    with pytest.raises(InputError, match="shots need a user turn"):
        prompts.from_text("---\n---\nsystem:\nS", "p").render({}, SHOTS)


@pytest.mark.parametrize(
    ("body", "prefix"),
    [
        ("system:\nS\n\nuser:\n{{q}}", 1),
        ("system:\nS {{q}}\n\nuser:\n{{q}}", 0),
        ("Before\n\nsystem:\nS\n\nuser:\n{{q}}", 2),
        ("system:\nS\n\nuser:\nA\n\nassistant:\nB\n\nuser:\nC {{q}}", 3),
        ("system:\n{% if q %}x{% endif %}S\n\nuser:\n{{q}}", 0),
        ("system:\n{% set n = 3 %}{{ 1 + 2 }}\n\nuser:\n{{q}}", 1),
        ("{{q}}", 0),
        ("system:\nS\n\nuser:\nU", 2),
    ],
)
def test_how_many_messages_are_the_same_for_every_example(body: str, prefix: int) -> None:
    assert prompts.from_text(f"---\n---\n{body}", "p").render({"q": "x"}).cache_prefix == prefix


def test_fixed_shots_are_part_of_the_fixed_messages() -> None:
    prompt = prompts.from_text(CHAT, "p")
    assert prompt.with_shots(Fixed(*SHOTS)).render({"question": "q"}, SHOTS).cache_prefix == 5
    assert prompt.with_shots(Fixed(*SHOTS, fixed=False)).render({"question": "q"}, SHOTS).cache_prefix == 1


def test_the_prompt_is_a_program() -> None:
    asked: list[Request] = []

    async def lm(request: Request) -> Completion:
        asked.append(request)
        return Completion("6", finish_reason="stop", tool_calls=(ToolCall("1", "f", "{}"),))

    prompt = prompts.from_text(CHAT, "p").with_shots(Fixed(SHOTS[0]))
    output = asyncio.run(prompt({"question": "3+3?"}, lm))
    reply = Message("assistant", "6", tool_calls=(ToolCall("1", "f", "{}"),))
    told = {"shots": ["1"], "shots_at": 1}
    assert output == Output("6", messages=(*asked[0].messages, reply), finish_reason="stop", data=told)
    assert len(asked[0].messages) == 4
    base = asyncio.run(prompts.from_text(BASE, "p")({"question": "x"}, lm))
    assert base.messages == "Q: x\nA:6"


def test_requests_are_equal_when_rendered_again() -> None:
    prompt, again = prompts.from_text(CHAT, "p"), prompts.from_text(CHAT, "other")
    first, second = (p.render({"question": "q", "other": 1}) for p in (prompt, again))
    assert request_digest(first) == request_digest(second)


def test_defaults_required_and_optional_variables() -> None:
    text = (
        "---\ninputs:\n  a: 1\n  b: {kind: string, required: true}\n  c: {kind: string, example: x}\n"
        "  unused: {kind: string, required: true}\n---\n"
        "{{a}} {{b}} {{c}} {{d|default('D')}} {% if e is defined %}{{e}}{% endif %} {{g}}"
        "{% for f in [1] %}{{f}}{% endfor %}"
    )
    prompt = prompts.from_text(text, "p")
    assert prompt.variables == ("b", "c", "g", "unused")
    assert prompt.optional == ("a", "d", "e")
    given = {"b": 2, "c": 3, "g": 4, "unused": 5}
    assert prompt.render(given).messages[0].content == "1 2 3 D  41"
    assert prompt.render({**given, "a": 0, "d": 0, "e": 0}).messages[0].content == "0 2 3 0 0 41"
    with pytest.raises(InputError, match="the required input 'unused' has no value"):
        prompt.render({"b": 2, "c": 3, "g": 4})


def test_an_undefined_variable_names_itself_its_file_and_line() -> None:
    prompt = prompts.from_text("---\nname: x\n---\n\nsystem:\nS\nuser:\n{{ a }}\n{{ missing }}\n", "p")
    with pytest.raises(InputError, match=r"p:9: 'missing' is undefined; inputs: a, b$"):
        prompt.render({"a": 1, "b": 2})
    with pytest.raises(InputError, match=r"p:1: 'dict object' has no attribute 'y'; inputs: x"):
        prompts.from_text("{{ x.y }}", "p").render({"x": {}})


def test_what_the_template_cannot_do_with_a_value_is_a_program_error() -> None:
    prompt = prompts.from_text("---\n---\nuser:\n\n{{ n + 1 }}", "p")
    with pytest.raises(ProgramError, match="p:5: the template fails: TypeError"):
        prompt.render({"n": "x"})
    with pytest.raises(ProgramError, match="ZeroDivisionError"):
        prompts.from_text("{{ 1 / n }}", "p").render({"n": 0})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{{ a", "p:5: the template is not valid"),
        ("{% if a %}x", "p:5: the template is not valid"),
        ("{{ a|nosuch }}", "p:5: the template is not valid: No filter named 'nosuch'"),
        ("{{#a}}x{{/a}}", "p:5: the template looks like Mustache"),
        ("{{ORDER NO}}", r"p:5: the template is not valid: a name has no spaces; write {{order_no}}$"),
        ("{{q}}\n{{ First  Letter }}", r"p:6: .*; write {{first_letter}}$"),
        ("{{ a if }}", "p:5: the template is not valid: (?!a name)"),
    ],
)
def test_template_errors_name_the_line(body: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prompts.from_text(f"---\nname: x\n---\nuser:\n{body}", "p")


THREAD = "---\ninputs:\n  - {name: past, kind: thread}\n---\nsystem:\nS\n\n{{past}}\n\nuser:\n{{q}}"


def test_a_thread_expands_where_it_stands() -> None:
    prompt = prompts.from_text(THREAD, "p")
    assert prompt.variables == ("q",)
    assert prompt.optional == ("past",)
    past: Any = [
        {"role": "developer", "content": "D"},
        {"role": "user", "content": "user:\nhi"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "7", "tool_call_id": "1"},
        Message("assistant", "ok"),
    ]
    request = prompt.render({"past": past, "q": "now"})
    assert [m.role for m in request.messages] == ["system", "system", "user", "assistant", "tool", "assistant", "user"]
    assert [m.content for m in request.messages] == ["S", "D", "user:\nhi", "", "7", "ok", "now"]
    assert request.messages[3].tool_calls == (ToolCall("1", "f", "{}"),)
    assert request.messages[4].tool_call_id == "1"
    assert turns(prompt.render({"q": "now"})) == [("system", "S"), ("user", "now")]
    text = prompt.render({"past": '[{"role": "user", "content": "x"}]', "q": "now"})
    assert [m.content for m in text.messages] == ["S", "x", "now"]


def test_text_around_a_thread_and_a_thread_alone() -> None:
    text = "---\ninputs:\n  - {name: past, kind: thread}\n---\nuser:\nbefore\n\n{{past}}\n\nafter"
    request = prompts.from_text(text, "p").render({"past": [{"role": "assistant", "content": "x"}]})
    assert turns(request) == [("user", "before"), ("assistant", "x"), ("user", "after")]
    alone = prompts.from_text("---\ninputs:\n  - {name: past, kind: thread}\n---\n{{past}}", "p")
    assert turns(alone.render({"past": [{"role": "user", "content": "x"}]})) == [("user", "x")]


def test_a_template_can_look_into_a_thread() -> None:
    text = (
        "---\ninputs:\n  - {name: past, kind: thread}\n---\nuser:\n"
        "{% if past %}{{ past|length }}: {% for m in past %}{{ m.role }}={{ m.content }} {% endfor %}{% endif %}"
        "{{ past[0].role }}"
    )
    request = prompts.from_text(text, "p").render({"past": [{"role": "user", "content": "a"}]})
    assert request.messages[0].content == "1: user=a user"


@pytest.mark.parametrize(
    ("past", "message"),
    [
        (3, "thread 'past' must be a list of messages, not int"),
        ("oops", "thread 'past' is text that is not JSON"),
        ([{"role": "king", "content": "x"}], "message 1 of the thread 'past' needs a role"),
        (["x"], "message 1 of the thread 'past' needs a role"),
        ([{"role": "user", "content": 3}], "content of message 1"),
        ([{"role": "user", "content": [{"kind": "audio"}]}], "part of kind 'audio'"),
        ([{"role": "user", "tool_calls": [{}]}], "tool call of message 1"),
    ],
)
def test_threads_that_cannot_be_read(past: Any, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        prompts.from_text(THREAD, "p").render({"past": past, "q": ""})


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("https://a.example/b.png", ImagePart(url="https://a.example/b.png")),
        (f"data:image/png;base64,{PNG}", ImagePart(PNG, "image/png")),
        (PNG, ImagePart(PNG, "image/png")),
        ({"source": PNG, "mediaType": "image/png", "detail": "low"}, ImagePart(PNG, "image/png", detail="low")),
        ({"url": "http://a.example/x", "detail": "high"}, ImagePart(url="http://a.example/x", detail="high")),
        (ImagePart(PNG, "image/png"), ImagePart(PNG, "image/png")),
    ],
)
def test_images(value: Any, part: ImagePart) -> None:
    text = "---\ninputs:\n  - {name: photo, kind: image}\n---\nsystem:\nS\n\nuser:\n{{photo}}\n\nWhat is it?"
    request = prompts.from_text(text, "p").render({"photo": value})
    assert request.messages[1] == Message("user", (part, TextPart("What is it?")))


@pytest.mark.parametrize("value", ["/etc/passwd", "file:///etc/passwd", "../x.png", 3, {}, "not base64!"])
def test_an_image_is_never_a_path(value: Any) -> None:
    text = "---\ninputs:\n  - {name: photo, kind: image}\n---\nuser:\n{{photo}}"
    with pytest.raises(ProgramError, match="image 'photo'"):
        prompts.from_text(text, "p").render({"photo": value})


def test_kinds_that_cannot_be_sent() -> None:
    text = "---\ninputs:\n  - {name: sound, kind: audio}\n---\nuser:\n{{sound}}"
    with pytest.raises(InputError, match="kind audio"):
        prompts.from_text(text, "p").render({"sound": "x"})
    with pytest.raises(InputError, match="cannot stand in a completion prompt"):
        prompts.from_text("---\nmodel: {apiType: completion}\ninputs:\n  t: {kind: thread}\n---\n{{t}}", "p")
    with pytest.raises(InputError, match="apiType embedding is no conversation"):
        prompts.from_text("---\nmodel: {apiType: embedding}\n---\n{{t}}", "p").render({"t": 1})


@pytest.mark.parametrize("template", ["{{x}}", "{{x}}{% if y is defined %}{% endif %}"])
@pytest.mark.parametrize("head", ["", "---\nname: p\n---\nuser:\n", "---\napiType: completion\n---\n"])
class TestValuesThatAreNotText:
    def sent(self, head: str, template: str, value: object) -> str:
        request = prompts.from_text(head + template, "p").render({"x": value})
        return request.text if request.text is not None else str(request.messages[0].content)

    def test_lists_and_objects_are_json(self, head: str, template: str) -> None:
        assert self.sent(head, template, {"a": [1, None, True, "é\n"]}) == '{"a":[1,null,true,"é\\n"]}'
        assert self.sent(head, template, ["it's"]) == '["it\'s"]'
        assert self.sent(head, template, [object]) == str([object])
        assert self.sent(head, template, 1.5) == "1.5"

    def test_null_is_an_error_that_names_the_variable(self, head: str, template: str) -> None:
        line = head.count("\n") + 1
        with pytest.raises(ProgramError) as caught:
            self.sent(head, template, None)
        assert str(caught.value) == (
            f"p:{line}: the row's value of 'x' is null; give it one, or write {{{{ x|default('', true) }}}}"
        )


def test_template_code_sees_values_as_they_are() -> None:
    def sent(template: str, **inputs: object) -> object:
        return prompts.from_text(template, "p").render(inputs).messages[0].content

    assert sent("{{ x|tojson }}", x={"a": None}) == '{"a": null}'
    assert sent("{{ x|default('none', true) }}", x=None) == "none"
    assert sent("{% for i in x %}{{ i }};{% endfor %}", x=[1, [2]]) == "1;[2];"
    assert sent("{{ x ~ '' }}", x=["a"]) == "['a']"
    with pytest.raises(ProgramError, match="a value that the template shows is null"):
        sent("{{ x.a }}", x={"a": None})
    with pytest.raises(ProgramError, match="a value that the template shows is null"):
        sent("{{ none }}")


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("image", "cat.png", "p: the image 'x' is no http"),
        ("image", None, "p: the image 'x' must be a URL or base64 text, not null"),
        ("thread", "hello", "p: the thread 'x' is text that is not JSON"),
        ("thread", [{"content": "x"}], "p: message 1 of the thread 'x' needs a role"),
        (
            "thread",
            [{"role": "user", "content": [{"kind": "image", "source": 3}]}],
            "p: an image of message 1 of the thread 'x' must be",
        ),
    ],
)
def test_errors_of_images_and_threads_name_the_prompt_and_the_variable(kind: str, value: object, message: str) -> None:
    prompt = prompts.from_text(f"---\ninputs:\n  x: {{kind: {kind}}}\n---\nuser:\n{{{{x}}}}", "p")
    with pytest.raises(ProgramError) as caught:
        prompt.render({"x": value})
    assert str(caught.value).startswith(message)
