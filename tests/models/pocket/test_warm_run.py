from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scansion.models.pocket.folder import Folder

CODE = """
import json, sys
from scansion.cli import main
code = main(["run", "-p", "a.txt", "-t", "vote(3)", "-m", sys.argv[1], "-d", "rows.jsonl", "-s", "numeric", "--json"])
loaded = {"tokenizers", "genai_prices", "scansion.models.pocket.engine"} & set(sys.modules)
print(json.dumps([code, sorted(loaded)]), file=sys.stderr)
"""


def test_a_second_run_answers_from_the_lab_and_loads_nothing(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Q: {{question}}")
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps({"question": f"{i} + 3?", "answer": i + 3}) + "\n" for i in range(8))
    )
    documents, ends = [], []
    for _ in range(2):
        words = [sys.executable, "-c", CODE, f"pocket/{folder.path}?max_tokens=6"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        documents.append(json.loads(done.stdout))
        ends.append(json.loads(done.stderr.splitlines()[-1]))
    first, second = (document["variants"][0] for document in documents)
    assert ends[0][1] == ["scansion.models.pocket.engine", "tokenizers"]
    assert ends[1] == [ends[0][0], []]
    assert (first["recorded_calls"], second["recorded_calls"]) == (0, 24)
    assert first["output_tokens"] == second["output_tokens"]
    assert first["cost_usd"] == second["cost_usd"] > 0
    assert second["spent_usd"] == 0
