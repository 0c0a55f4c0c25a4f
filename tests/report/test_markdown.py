from scansion.report import markdown


def test_the_summary_has_table_verdicts_and_flips_to_unfold(result, views):
    text = markdown.render(result, views[2:4])
    assert "| direct | 59.2% | [52.0, 66.0] |" in text
    assert r"| steps \| vote(5) |" in text
    assert "- `steps | vote(5)` is better than `direct`" in text
    assert "<summary>1 flip</summary>" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_what_a_model_wrote_stays_inside_its_fence(result, views, nasty):
    text = markdown.render(result, views[2:4])
    before, _, rest = text.partition("````text\n")
    inside, _, after = rest.partition("\n````")
    assert "<script>" in inside
    assert "\x1b" not in text
    assert "<script>" not in before + after


def test_names_are_escaped(build):
    text = markdown.render(build.result(variants=[build.variant("<b>*x*</b>|y")], comparisons=[]))
    assert r"| &lt;b&gt;\*x\*&lt;/b&gt;\|y |" in text
