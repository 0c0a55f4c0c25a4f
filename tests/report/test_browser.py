"""The report in a real browser: what a model wrote stays text, and the filters choose."""

import io
import re
import shutil
import subprocess

import pytest

from scansion.report import html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --virtual-time-budget=3000 --dump-dom""".split()  # noqa: SIM905

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")


def shown(page: str, folder) -> str:
    """The page's markup after its script has run."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.fixture
def page(result, views, nasty) -> str:
    stream = io.StringIO()
    html.write(result, views, stream, prompts=[html.PromptUse("direct", nasty)])
    return stream.getvalue()


def test_examples_are_on_the_page_as_text(page, tmp_path):
    dom = shown(page, tmp_path)
    assert dom.count('class="example"') == 6
    assert dom.index(">q1<") < dom.index(">q0<")
    assert dom.count("<script") == 4
    assert "<img" not in dom
    assert "&lt;script&gt;alert(1)" in dom


@pytest.mark.parametrize(
    ("act", "count"),
    [
        ("set('which', 'flip')", 1),
        ("set('which', 'wrong')", 1),
        ("set('which', 'error')", 1),
        ("set('which', 'unscored'); set('variant', '1')", 0),
        ("set('search', '6 + 4'); document.getElementById('which').dispatchEvent(new Event('change'))", 1),
    ],
)
def test_filters_choose(page, tmp_path, act, count):
    driver = (
        "<script>function set(id, value) { const e = document.getElementById(id); e.value = value;"
        f" e.dispatchEvent(new Event('change')); }} {act};"
        "document.querySelectorAll('.outcome details').forEach((d) => d.open = true);</script>"
    )
    loose = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", page)
    dom = shown(loose.replace("</body>", driver + "</body>"), tmp_path)
    assert dom.count('class="example"') == count
    assert f"{count} of 6 examples" in dom
    assert dom.count('<div class="role">reply</div>') == 2 * count


def test_the_policy_lets_no_other_script_run(page, tmp_path):
    dom = shown(page.replace("</body>", "<script>document.title = 'taken'</script></body>"), tmp_path)
    assert "<title>Scansion: word problems on data/questions.jsonl</title>" in dom
