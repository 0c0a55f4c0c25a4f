"""Keys: where they are found, and that they are never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion import environment
from scansion.errors import InputError
from scansion.models import keys


def test_the_environment_wins_over_the_nearest_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".env").write_text("# keys\nexport SCANSION_T1='from file'\nSCANSION_T2=\"x\\ny\" # note\nodd line\n")
    monkeypatch.chdir(inner)
    monkeypatch.setenv("SCANSION_T1", "from environment")
    assert keys.find("SCANSION_T1") == "from environment"
    assert keys.find("SCANSION_T2") == "x\ny"
    assert "SCANSION_T2" not in os.environ
    assert keys.find("SCANSION_T3") is None


def test_a_missing_key_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError) as error:
        keys.secret("OPENAI_API_KEY")
    assert str(error.value) == "no key for openai: set OPENAI_API_KEY in the environment or in .env"
    monkeypatch.setenv("OPENAI_API_KEY", "two\nlines")
    with pytest.raises(InputError, match="cannot be sent") as broken:
        keys.secret("OPENAI_API_KEY")
    assert "two" not in str(broken.value)


def test_what_was_read_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCANSION_T4", " very-secret-value ")
    assert keys.secret("SCANSION_T4") == "very-secret-value"
    said = keys.redact(
        "wrong key very-secret-value, Authorization: Bearer abcdefgh12345 and sk-proj-0123456789abcdefghij"
    )
    assert said == "wrong key [key], Authorization: Bearer [key] and [key]"
    assert keys.redact("a plain sentence about task-related skills") == "a plain sentence about task-related skills"


names = st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True).filter(str.isascii)
values = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="'"))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(names, values))
def test_quoted_values_are_read_as_written(values: dict[str, str]) -> None:
    written = "".join(f"{name}='{value}'\n" for name, value in values.items())
    assert environment.parse(written) == values


@pytest.mark.parametrize(
    ("line", "value"),
    [("A=b c ", "b c"), ("A=b # c", "b"), ("A=b#c", "b#c"), ("A=", ""), (' A = "b" ', "b"), ("A='#'", "#")],
)
def test_forms_of_lines(line: str, value: str) -> None:
    assert environment.parse(line) == {"A": value}
