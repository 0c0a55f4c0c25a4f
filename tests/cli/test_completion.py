import shutil
import subprocess

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_know_commands_and_options(scansion, shell):
    done = scansion("completion", shell)
    assert done.code == 0
    for word in ("compare", "fail-if-worse", "vacuum"):
        assert word in done.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes(scansion, project):
    script = project / "done.bash"
    script.write_text(scansion("completion", "bash").out)
    for words, said in (
        ("run --fail", ["--fail-if-worse", "--fail-under"]),
        ("ru", ["rubric", "run", "runs"]),
        ("run exper", []),  # file names, which bash itself adds
        ("run ''", []),
        ("run -d ''", []),
        ("run --split ''", ["dev", "test"]),
        ("run --split = te", ["test"]),
        ("run --no-answer =", ["wrong", "unscored"]),
        ("run --truncated s", ["score"]),
        ("compare a b --gold-check ''", ["on", "off"]),
        ("run --require ''", ["not-worse", "better", "equivalent"]),
        ("lab ''", ["size", "vacuum"]),
        ("export ''", []),
    ):
        typed = f"COMP_WORDS=(scansion {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _scansion"
        command = f'source {script}; {typed}; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-uc", command], capture_output=True, text=True, check=True)
        assert done.stdout.split() == said, (words, done.stderr)
