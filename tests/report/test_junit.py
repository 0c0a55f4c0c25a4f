import io
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.report import junit


def written(result, views):
    stream = io.StringIO()
    junit.write(result, views, stream)
    return ElementTree.fromstring(stream.getvalue().encode("utf-8", "strict"))


def test_wrong_is_failure_error_is_error_unscored_is_skipped(result, views, nasty):
    suites = written(result, views)
    cases = {(c.get("classname"), c.get("name")): c for c in suites.iter("testcase")}
    assert len(cases) == 12
    assert [e.tag for e in cases["direct", "q0"]] == []
    assert cases["direct", "q1"].find("failure").get("message") == "numeric: 0 (answer 1; not 7)"
    assert "<script>alert(1)</script>" in cases["direct", "q1"].find("failure").text
    assert cases["direct", "q2"].find("error").attrib == {"type": "timeout", "message": "no answer in 120 s"}
    assert cases["direct", "q3"].find("skipped").get("message") == "no answer"
    assert suites.get("tests") == "400"


@given(text=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_output_makes_valid_xml(build, text):
    view = build.view(0, text, text=text, wrong=True)
    case = next(written(build.result(name=text), [view]).iter("testcase"))
    assert case.find("failure") is not None
