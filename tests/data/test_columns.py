"""Roles of columns, variables matched to columns, fields of examples."""

import pytest

from scansion.data import DataSpec, open_dataset
from scansion.errors import InputError


def opened(rows, **spec):
    from scansion.data.dataset import Dataset
    from scansion.data.memory import Memory

    return Dataset(Memory(rows), DataSpec("data", **spec), None)


def test_variables_match_columns_as_people_write_them():
    data = opened([{"Full Name": 1, "e-mail": 2, "q": 3, "Q": 4}], inputs={"who": "fullname"})
    assert data.match(["full_name", "Email", "q", "Q", "who"]) == {
        "full_name": "Full Name",
        "Email": "e-mail",
        "q": "q",
        "Q": "Q",
        "who": "Full Name",
    }


@pytest.mark.parametrize(
    ("variables", "inputs", "message"),
    [
        (["questoin"], {}, ("data has no column for the variable 'questoin' (columns: question, a b, A_B); "
         "did you mean 'question'? Say which with --input questoin=COLUMN")),
        (["x"], {"x": "nope"}, ("data has no column 'nope', named as the column for the variable 'x' "
         "(columns: question, a b, A_B)")),
        (["a_bb"], {}, ("data has no column for the variable 'a_bb' (columns: question, a b, A_B); "
         "did you mean 'a b'? Say which with --input a_bb=COLUMN")),
        (["Questin"], {}, ("data has no column for the variable 'Questin' (columns: question, a b, A_B); "
         "did you mean 'question'? Say which with --input Questin=COLUMN")),
        (["zzz"], {}, "data has no column for the variable 'zzz' (columns: question, a b, A_B); say which with "),
        (["ab"], {}, "data has the columns 'a b' and 'A_B' for the variable 'ab'; rename one"),
    ],
)  # fmt: skip
def test_variables_without_a_column(variables, inputs, message):
    data = opened([{"question": 1, "a b": 2, "A_B": 3}], inputs=inputs)
    with pytest.raises(InputError) as caught:
        data.match(variables)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("row", "spec", "target"),
    [
        ({"q": 1, "Answer": 2}, {}, "Answer"),
        ({"q": 1, "EXPECTED": 2}, {}, "EXPECTED"),
        ({"q": 1, "gold": 2}, {}, None),
        ({"q": 1, "gold": 2}, {"target": "Gold"}, "gold"),
        ({"answer": 1, "label": 2}, {"target": "label"}, "label"),
    ],
)
def test_the_target_column(row, spec, target):
    data = opened([row], **spec)
    assert data.target_column == target
    example = next(data.rows()).example
    assert example.target == (row[target] if target else None)
    assert example.inputs == row


@pytest.mark.parametrize(
    ("row", "spec", "message"),
    [
        ({"answer": 1, "label": 2}, {}, ("the columns 'answer' and 'label', and each could be the target; say which "
         "(--target answer)")),
        ({"id": 1, "ID": 2}, {}, "each could be the id; say which (id: in data)"),
        ({"answr": 1}, {"target": "answer"}, ("no column 'answer', named as the target column (columns: answr); "
         "did you mean 'answr'?")),
        ({"q": 1}, {"group": "g"}, "no column 'g', named as the group column (columns: q)"),
    ],
)  # fmt: skip
def test_roles_that_do_not_fit(row, spec, message):
    with pytest.raises(InputError) as caught:
        opened([row], **spec)
    assert message in str(caught.value)


def test_fields_of_an_example():
    row = {"uid": 7, "q": "?", "cluster": 3, "w": "0.5", "labels": "a, b ,", "why": "so", "weight": 80, "group": "x"}
    data = opened([row], id="uid", group="cluster", weight="w", tags="labels", rationale="why")
    example = next(data.rows()).example
    assert (example.id, example.group, example.weight, example.tags, example.rationale) == (
        "7", "3", 0.5, ("a", "b"), "so",
    )  # fmt: skip
    assert (data.id_column, data.group_column, data.weight_column, data.tags_column, data.rationale_column) == (
        "uid", "cluster", "w", "labels", "why",
    )  # fmt: skip


def test_group_and_weight_only_when_named_tags_where_they_fit():
    rows = [{"weight": "80 kg", "group": {}, "tags": {"a": 1}, "rationale": 3}, {"tags": ["x"], "rationale": "r"}]
    first, second = (r.example for r in opened(rows).rows())
    assert (first.group, first.weight, first.tags, first.rationale) == (None, 1.0, (), None)
    assert (second.tags, second.rationale) == (("x",), "r")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("weight", "heavy", "weight 'v' is 'heavy'; a weight must be a number above 0"),
        ("weight", 0, "a weight must be"),
        ("weight", -1.5, "a weight must be"),
        ("weight", True, "a weight must be"),
        ("weight", float("inf"), "a weight must be"),
        ("weight", [1], "a weight must be"),
        ("group", 1.5, "group 'v' is 1.5; a group must be text or a whole number"),
        ("tags", {"a": 1}, "tags must be a list of texts, or one text with commas"),
        ("tags", ["a", 1], "tags must be"),
        ("rationale", ["a"], "rationale 'v' is ['a']; a rationale must be text"),
        ("id", 1.5, "id 'v' is 1.5; an id must be text or a whole number"),
        ("id", True, "an id must be"),
        ("id", None, "no id in 'v'; give every row one"),
        ("id", "", "no id in 'v'"),
    ],
)
def test_values_that_do_not_fit_are_named_by_row(field, value, message):
    data = opened([{"v": "1"}, {"v": value}], **{field: "v"})
    with pytest.raises(InputError) as caught:
        list(data.rows())
    assert str(caught.value).startswith("data row 2: ")
    assert message in str(caught.value)


def test_pick(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"question": "a"}\n\n{"quest": "b"}\n')
    data = open_dataset(path)
    mapping = data.match(["Question"])
    good, bad = data.rows()
    assert data.pick(good, mapping) == data.pick(good.example, mapping) == {"Question": "a"}
    for row in (bad, bad.example):
        with pytest.raises(InputError, match=r"d\.jsonl:3: the row lacks 'question', which the prompt needs"):
            data.pick(row, mapping)


def test_empty_cells_of_text_formats_say_nothing(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("id,q,target,tags,rationale,w,g\n1,,,,,,\n2,x,y,a,b,3,h\n")
    first, second = (r.example for r in open_dataset(DataSpec(str(path), weight="w", group="g")).rows())
    assert (first.target, first.tags, first.rationale, first.weight, first.group) == (None, (), None, 1.0, None)
    assert (second.target, second.tags, second.rationale, second.weight, second.group) == ("y", ("a",), "b", 3.0, "h")
    assert first.inputs["q"] == ""


def test_a_column_that_first_comes_in_a_later_row():
    data = opened([{"a": 1}] * 50 + [{"b": 2, "answer": 3}])
    assert data.columns == ("a", "b", "answer")
    assert [r.example.target for r in data.rows()][-2:] == [None, 3]


def test_nested_layout_stays_nested():
    data = opened([{"inputs": {"q": 1}, "target": 2}, {"q": 1}])
    with pytest.raises(InputError, match="row 2: 'inputs' is not an object"):
        list(data.rows())
    flat = opened([{"inputs": {"q": 1}, "other": 2}])
    assert next(flat.rows()).example.inputs == {"inputs": {"q": 1}, "other": 2}
