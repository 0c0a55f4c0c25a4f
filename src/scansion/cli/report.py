"""Write a run's report: HTML, a summary in Markdown, JUnit XML.

  scansion report -o report.html
  scansion report RUN -o report.html --markdown summary.md --junit junit.xml

The HTML file holds everything it shows and asks no network; what models wrote is shown as
text whatever it holds.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser, whole
from scansion.cli._show import check_targets, write_reports
from scansion.errors import InputError


def configure(parser: Parser) -> None:
    """The options of `scansion report`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("-o", "--output", metavar="FILE", help="an HTML report")
    parser.add_argument("--markdown", metavar="FILE", nargs="?", const="-", help="a summary for a pull request")
    parser.add_argument("--junit", metavar="FILE", help="JUnit XML: a test case per variant and example")
    parser.add_argument("--most", type=whole, metavar="N", help="examples in the HTML report (else 10,000 outcomes)")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    if not (args.output or args.markdown or args.junit):
        raise InputError("report: nothing to write; give -o report.html, --markdown or --junit")
    check_targets(args)
    from scansion.experiments.lab import Lab

    args.json = False
    with Lab.find(args.lab, create=False) as lab:
        write_reports(lab, lab.result(args.run), args)
    return 0
