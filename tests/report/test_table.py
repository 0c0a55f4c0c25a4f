from scansion.report.table import render
from scansion.report.text import cells


def test_the_table_fits_80_columns_and_carries_every_figure(result):
    text = render(result, 80)
    assert all(cells(line) <= 80 for line in text.splitlines())
    for part in (
        "59.2%",
        "[52.0, 66.0]",
        "[58.0, 60.0]",
        "197",
        "1,000",
        "0.42",
        "340ms/1.2s",
        "NOT held",
        "is better than",
    ):
        assert part in text
    assert "\x1b" not in text


def test_a_wide_terminal_gets_one_table(result):
    assert render(result, 160).count("variant ") == 1
    assert render(result, 80).count("variant ") == 2


def test_columns_without_figures_are_left_out(build):
    calm = build.variant("a", unscored=0, errors=0, wrong=0, recorded_calls=0, cost_usd=None, latency_p50=0)
    text = render(build.result(variants=[calm], comparisons=[], scorers=["numeric"]))
    for title in ("unscored", "errors", "unreached", "bounds", "recorded", "cost", "p50"):
        assert title not in text.split("\n\n")[1]


def test_names_may_hold_anything(build):
    wild = ["日本語のとても長い名前のプロンプトです", "עברית | vote(5)", "[bold]x[/bold]\x1b[31m :smile:", "a" * 200]
    text = render(build.result(variants=[build.variant(n) for n in wild], comparisons=[]), 80)
    assert all(cells(line) <= 80 for line in text.splitlines())
    assert "\x1b" not in text
    assert "[bold]" in text
    assert ":smile:" in text


def test_outputs_only_runs_have_no_means(build):
    bare = build.variant("a", mean=None, interval=None, bounds=None, scores={}, wrong=0)
    text = render(build.result(variants=[bare], comparisons=[], scorers=[]))
    assert "mean" not in text
    assert "scored by" not in text


def test_many_columns_are_parted_into_tables_that_fit(build):
    full = [build.variant("a" * 30, unscored=12345, errors=12345, unreached=12345, wrong=12345, scored=12345)]
    text = render(build.result(variants=full, comparisons=[], notes=[]), 80)
    assert all(cells(line) <= 80 for line in text.splitlines())
    assert text.count("variant ") == 3
