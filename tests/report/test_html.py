import base64
import hashlib
import io
import json
import re

from msgspec import structs

from scansion.report import html
from scansion.report.examples import Gathered


def page(result, views, **more):
    stream = io.StringIO()
    html.write(result, views, stream, **more)
    return stream.getvalue()


def data(text, name):
    return json.loads(
        re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL).group(1)
    )


def test_nothing_that_a_model_wrote_is_markup(result, views, nasty):
    prompts = [html.PromptUse("direct", f"{nasty} {{{{question}}}}")]
    text = page(result, views, beside=html.Beside(prompts))
    assert text.count("</script>") == 4
    assert "<img" not in text
    assert "\u202e" not in text
    assert "\x00" not in text
    outcome = data(text, "examples")[1]["outcomes"][0]
    assert outcome["text"].startswith("</script><script>alert(1)</script>")
    assert "‹U+202E›" in outcome["text"]


def test_the_policy_allows_the_page_its_own_script_and_style_and_nothing_else(result, views):
    text = page(result, views)
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text).group(1)
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL).group(1)
        assert base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() in policy
    assert not re.search(r"https?://|@import|url\(", text)


def test_flips_come_first_with_full_traces(result, views):
    examples = data(page(result, views, flips=views[2:4]), "examples")
    assert [e["id"] for e in examples] == ["q1", "q0", "q2", "q3", "q4", "q5"]
    assert [e["flip"] for e in examples] == [True] + [False] * 5
    text = page(result, views)
    call = data(text, "examples")[0]["outcomes"][0]["calls"][0]
    sent = [(role, data(text, "texts")[number]) for role, number in call["sent"]]
    assert sent == [("system", "You are terse."), ("user", "What is 6 + 0?")]
    assert call["settings"] == '{"temperature":0.0}'


def test_examples_beyond_the_limit_are_cut_with_a_note_and_repeats_count_once(result, views):
    text = page(result, views, flips=views[2:3], most=3)
    assert [e["id"] for e in data(text, "examples")] == ["q1", "q0", "q2"]
    assert [len(e["outcomes"]) for e in data(text, "examples")] == [2, 2, 2]
    assert "This page holds 3 of 200 examples" in text


def test_as_many_outcomes_are_kept_as_a_browser_takes(build):
    many = Gathered()
    many.take_flips(build.view(7000, name) for name in ("a", "b"))
    many.fill(build.view(row, name) for row in range(8000) for name in ("a", "b"))
    assert (len(many.rows), many.flips, many.cut) == (5000, {7000}, True)
    assert [flip for _, flip in many.ordered()][:2] == [True, False]
    long = Gathered()
    long.fill(build.view(row, "a", text="x" * 1_000_000) for row in range(100))
    assert (len(long.rows), long.cut) == (20, True)  # each in the output and in the reply


def test_a_run_without_outcomes_or_means_is_still_a_page(build):
    bare = build.variant("a", mean=None, interval=None, bounds=None)
    text = page(build.result(variants=[bare], comparisons=[], gates=[]), [])
    assert data(text, "examples") == []
    assert "<svg" not in text


def test_a_template_is_shown_once_with_what_each_technique_sent(result, views):
    uses = [html.PromptUse("direct", "T {{q}}", "abc" * 10), html.PromptUse("steps | vote(5)", "T {{q}}", "abc" * 10)]
    variants = [structs.replace(v, prompt="p.txt") for v in result.variants]
    text = page(structs.replace(result, variants=variants), views, beside=html.Beside(uses))
    assert text.count("T {{q}}") == 1
    assert "<h3><bdi>p.txt</bdi></h3>" in text
    assert "technique as-is, version abcabcabcabc<" in text
    assert text.count("as sent for example q0") == 1
    assert "--- user\nWhat is 6 + 0?" in text


def test_long_names_in_the_plot_are_wrapped_between_words(build):
    name = "a prompt with a long name | vote(5) | openai/gpt-4.1-mini"
    text = page(build.result(variants=[build.variant(name)], comparisons=[]), [])
    labels = re.findall(r'text-anchor="end">(.*?)</text>', text)
    assert " ".join(labels) == name


def test_trials_are_numbered_from_one(build):
    twice = [build.view(0, "a", trial=t) for t in (0, 1)]
    text = page(build.result(variants=[build.variant("a", trials=2)], comparisons=[]), twice)
    assert [o["trial"] for o in data(text, "examples")[0]["outcomes"]] == [1, 2]


def test_the_title_names_plan_and_data(result, views):
    assert "<h1>word problems on data/questions.jsonl</h1>" in page(result, views)
    bare = page(structs.replace(result, name="", run="", data=""), views)
    assert "<title>Scansion: Comparison</title>" in bare
