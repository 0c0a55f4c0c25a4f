import subprocess
import sys

import pytest

from scansion.cli import main
from scansion.cli._commands import names


def test_the_overview_names_every_command_in_80_columns(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in names())
    assert max(map(len, out.splitlines())) <= 80
    assert main([]) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("name", names())
def test_every_command_explains_itself(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: scansion {name}")
    assert max(map(len, out.splitlines())) <= 80
    assert main(["help", name]) == 0
    assert capsys.readouterr().out == out


def test_examples_keep_their_lines(capsys):
    main(["lab", "--help"])
    assert [line.split("    ")[0].strip() for line in capsys.readouterr().out.splitlines() if line[:3] == "  s"] == [
        "scansion lab size",
        "scansion lab vacuum",
    ]


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("scansion ")


def test_help_imports_nothing_heavy():
    code = "import sys; from scansion.cli import main; main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for module in ("argparse", "msgspec", "numpy", "rich", "yaml", "jinja2", "asyncio", "importlib.metadata"):
        assert f"'{module}'" not in done.stderr
