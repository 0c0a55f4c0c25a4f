"""The report in a real browser: what a model wrote stays text, and the filters choose."""

import io
import re
import shutil
import subprocess

import pytest
from msgspec import structs

from scansion.report import html
from scansion.types import Output

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


def driven(page: str, act: str) -> str:
    """The page with a script that acts on it as a person would, and unfolds the calls."""
    driver = (
        "<script>function set(id, value, kind = 'change') { const e = document.getElementById(id); e.value = value;"
        f" e.dispatchEvent(new Event(kind)); }} {act};"
        "document.querySelectorAll('.outcome details').forEach((d) => d.open = true);</script>"
    )
    loose = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", page)
    return loose.replace("</body>", driver + "</body>")


@pytest.fixture
def page(result, views, nasty) -> str:
    stream = io.StringIO()
    html.write(result, views, stream, flips=views[2:4], beside=html.Beside([html.PromptUse("direct", nasty)]))
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
        ("set('search', '6 + 4'); set('which', '')", 1),
    ],
)
def test_filters_choose(page, tmp_path, act, count):
    dom = shown(driven(page, act), tmp_path)
    assert dom.count('class="example"') == count
    assert f"{count} of 6 examples" in dom
    assert dom.count('<div class="role">reply</div>') == 2 * count


def test_steps_unfold_with_what_a_revision_changed(build, result, tmp_path):
    steps = [{"step": "draft", "text": "Send <b>it</b> at once, and soon."}]
    steps += [{"step": "revision", "text": "Please send <b>it</b> at once, and soon.", "revises": True}]
    view = build.view(0, "direct", output=Output("x", data={"steps": steps}))
    stream = io.StringIO()
    html.write(result, [view], stream)
    dom = shown(driven(stream.getvalue(), ""), tmp_path)
    assert "<del>Send</del><ins>Please send</ins> &lt;b&gt;it" in dom
    assert "2 steps" in dom


def test_the_button_for_more_is_there_only_where_there_is_more(page, build, result, tmp_path):
    ask = "document.title = 'more: ' + getComputedStyle(document.getElementById('more')).display"
    assert "<title>more: none</title>" in shown(driven(page, ask), tmp_path)
    stream = io.StringIO()
    html.write(result, build.views(60), stream)
    assert "<title>more: block</title>" in shown(driven(stream.getvalue(), ask), tmp_path)


def test_a_file_name_that_begins_from_the_right_ends_with_its_suffix(build, tmp_path):
    stream = io.StringIO()
    html.write(build.result(variants=[build.variant("سؤال.txt")], comparisons=[]), [], stream)
    ask = "document.title = 'names: ' + getComputedStyle(document.querySelector('th bdi')).direction"
    assert "<title>names: ltr</title>" in shown(driven(stream.getvalue(), ask), tmp_path)


@pytest.mark.slow
def test_ten_thousand_outcomes_open_and_are_filtered(build, result, tmp_path):
    views = [build.view(row, v.name, wrong=row % 3 == 0) for row in range(6000) for v in result.variants]
    stream = io.StringIO()
    html.write(structs.replace(result, variants=[structs.replace(v, n=6000) for v in result.variants]), views, stream)
    dom = shown(driven(stream.getvalue(), "set('search', '6 + 1234', 'input')"), tmp_path)
    assert "This page holds 5,000 of 6,000 examples" in dom
    assert "1 of 5,000 examples" in dom
    assert dom.count('class="example"') == 1
    dom = shown(driven(stream.getvalue(), "set('which', 'wrong')"), tmp_path)
    assert "1,667 of 5,000 examples" in dom
    assert dom.count('class="example"') == 25


def test_the_policy_lets_no_other_script_run(page, tmp_path):
    dom = shown(page.replace("</body>", "<script>document.title = 'taken'</script></body>"), tmp_path)
    assert "<title>Scansion: word problems on data/questions.jsonl</title>" in dom
