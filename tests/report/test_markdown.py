from scansion.experiments.results import Comparison
from scansion.report import markdown


def test_the_summary_has_table_verdicts_and_flips_to_unfold(result, views):
    text = markdown.render(result, [(result.comparisons[0], views[2:4])])
    assert "| direct | 59.2% | [52.0, 66.0] |" in text
    assert r"| steps \| vote(5) |" in text
    assert "- `steps | vote(5)` is better than `direct`" in text
    assert "<summary>1 flip of steps | vote(5) against direct</summary>" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_what_a_model_wrote_stays_inside_its_fence(result, views, nasty):
    text = markdown.render(result, [(result.comparisons[0], views[2:4])])
    before, _, rest = text.partition("````text\n")
    inside, _, after = rest.partition("\n````")
    assert "<script>" in inside
    assert "\x1b" not in text
    assert "<script>" not in before + after


def test_names_are_escaped(build):
    text = markdown.render(build.result(variants=[build.variant("<b>*x*</b>|y")], comparisons=[]))
    assert r"| &lt;b&gt;\*x\*&lt;/b&gt;\|y |" in text


def test_flips_of_two_comparisons_stand_apart(build):
    both = [build.view(0, "a", wrong=True), build.view(0, "b"), build.view(0, "c")]
    pairs = [Comparison("a", name, 0.1, None, None, None, "", "better", 1) for name in "bc"]
    text = markdown.render(build.result(comparisons=pairs), zip(pairs, (both[:2], both[::2]), strict=True))
    assert "<summary>1 flip of b against a</summary>" in text
    assert "<summary>1 flip of c against a</summary>" in text
