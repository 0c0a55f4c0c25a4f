"""Whatever a prompt's text and inputs are, the answer is a request or one clear line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scansion.prompts as prompts
from scansion.errors import InputError, ProgramError

BITS = [
    *(
        "---\n",
        "+++\n",
        "\n",
        " ",
        "user:\n",
        "system:\n",
        "a: ",
        "b: ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "|\n",
        "\x00",
    ),
    *(
        "{{ a }}",
        "{{ a",
        "}}",
        "{% for x in a %}",
        "{% endfor %}",
        "{% if a %}",
        "{% endif %}",
        "#",
        "&x ",
        "*x",
        "<<: ",
    ),
    *("model:\n", "  id: x\n", "  options:\n", "    temperature: 1\n", "inputs:\n", "  a: 1\n", "  - name: a\n"),
    *("    kind: thread\n", "outputs: ", "tools: ", "template: ", "sample: ", "connection: ", "!!set ", "2020-01-01"),
]
texts = st.lists(st.sampled_from(BITS) | st.text(max_size=3), max_size=25).map("".join)
inputs = st.sampled_from([{}, {"a": 1}, {"a": "x"}, {"a": [1]}, {"a": None}, {"a": {"role": "user"}}])


@settings(max_examples=300, deadline=None)
@given(text=texts, given_inputs=inputs)
def test_any_text(text: str, given_inputs: dict[str, Any]) -> None:
    message = ""
    try:
        prompt = prompts.from_text(text, "f")
        prompt.render(given_inputs)
        assert len(prompt.version) == 32
    except (InputError, ProgramError) as error:
        message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "---\na: " + "[" * 3000 + "]" * 3000 + "\n---\nx",
        "{{ " + "(" * 20000 + " }}",
        "".join(f"{{% for x{i} in a %}}" for i in range(30)) + "{% endfor %}" * 30,
        "{{ " + "1" * 5000 + " }}",
        "---\na: &a [x, x]\nb: &b [*a, *a]\n"
        + "".join(f"{chr(c + 1)}: &{chr(c + 1)} [" + ", ".join([f"*{chr(c)}"] * 9) + "]\n" for c in range(98, 110))
        + "---\nx",
    ],
    ids=["yaml", "parentheses", "loops", "digits", "aliases"],
)
def test_what_is_too_much(text: str) -> None:
    with pytest.raises(InputError, match=r"^f:\d+: .*too"):
        prompts.from_text(text, "f")
