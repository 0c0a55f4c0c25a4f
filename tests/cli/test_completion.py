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
    words = 'COMP_WORDS=(scansion run --fail); COMP_CWORD=2; _scansion; echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", f"source {script}; {words}"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["--fail-if-worse", "--fail-under"]
