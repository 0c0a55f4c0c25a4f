"""The Jinja2 template of a prompt, compiled once, in Jinja2's sandbox (Prompty specification, section 5.5).

Undefined variables are errors. A template cannot read files, run code or change its inputs; and since a request is
known by its text, what would differ from one rendering to the next (`random`, `lipsum`) is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from scansion.errors import InputError, ProgramError, ScansionError
from scansion.prompts import simple
from scansion.prompts.markers import END_OF_FIXED, guarded

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["Compiled", "compile_template"]


class Compiled(NamedTuple):
    """A compiled template. `required` must have a value; `optional` are guarded by `default` or `is defined`."""

    evaluate: Callable[[Mapping[str, Any]], str]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    uses_shots: bool


def compile_template(source: str, file: str, first_line: int, *, chat: bool, fixed: bool) -> Compiled:
    """Compiles a template, whose markers are sentinels already. `chat` guards values against trimming.

    `fixed` says that `shots` are the same for every example. Raises InputError with file and line.
    """
    names = simple.names_of(source)
    if names is not None:
        return Compiled(simple.evaluator(source, file, first_line, chat), names, (), uses_shots=False)
    return _compile(source, file, first_line, chat=chat, fixed=fixed)


def _compile(source: str, file: str, first_line: int, *, chat: bool, fixed: bool) -> Compiled:
    from jinja2 import TemplateSyntaxError

    environment = _environment(chat)
    try:
        tree = environment.parse(source)
        _refuse_files(tree, file, first_line)
        required, optional = _variables(tree)
        if chat:
            _mark_fixed(tree, {"shots"} if fixed else set())
        code = environment.compile(tree, filename="<prompt>")
    except TemplateSyntaxError as error:
        raise InputError(f"{file}:{first_line + error.lineno - 1}: {_syntax(error.message or '', source)}") from None
    except (RecursionError, SyntaxError, ValueError, OverflowError, MemoryError) as error:
        # What Python itself refuses of the code that Jinja2 makes: nested too deeply, numbers too long.
        raise InputError(f"{file}:{first_line}: the template is too involved: {error}") from None
    shots = "shots" in required or "shots" in optional
    needed, guarded_names = (tuple(n for n in group if n != "shots") for group in (required, optional))
    evaluate = _evaluator(environment, code, file, first_line, (*needed, *guarded_names))
    return Compiled(evaluate, needed, guarded_names, shots)


@lru_cache(maxsize=2)
def _environment(chat: bool) -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    found = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        finalize=_shown_guarded if chat else _shown,
        autoescape=False,
    )
    del found.globals["lipsum"], found.filters["random"]
    return found


def _shown(value: Any) -> Any:
    return simple.plain(value) if value is None or type(value) in (dict, list, tuple) else value


def _shown_guarded(value: Any) -> Any:
    return guarded(_shown(value))


_OPERATORS = {"if", "else", "and", "or", "not", "in", "is"}


def _syntax(message: str, source: str) -> str:
    if any(start in source for start in ("{{#", "{{^", "{{/", "{{>")):
        return f"the template looks like Mustache, which is not read; write Jinja2 ({message})"
    if spaced := re.search(r"\{\{\s*(\w+(?:[ \t]+\w+)+)\s*\}\}", source):
        words = spaced[1].lower().split()
        if not _OPERATORS.intersection(words):
            return f"the template is not valid: a name has no spaces; write {{{{{'_'.join(words)}}}}}"
    return f"the template is not valid: {message}"


def _refuse_files(tree: nodes.Template, file: str, first_line: int) -> None:
    from jinja2 import nodes

    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        line = first_line + node.lineno - 1
        raise InputError(f"{file}:{line}: a template cannot read other templates; write their text here")


def _variables(tree: nodes.Template) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a template takes from outside: those it needs, and those that it guards itself, in order."""
    from jinja2 import meta, nodes

    outside = meta.find_undeclared_variables(tree)
    seen = dict.fromkeys(n.name for n in tree.find_all(nodes.Name) if n.name in outside)
    tests = [n.node for n in tree.find_all(nodes.Test) if n.name in ("defined", "undefined")]
    tested = {n.name for n in tests if isinstance(n, nodes.Name)}
    defaulted = {id(n.node) for n in tree.find_all(nodes.Filter) if n.name in ("default", "d")}
    plain = {n.name for n in tree.find_all(nodes.Name) if id(n) not in defaulted}
    optional = {name for name in seen if name in tested or name not in plain}
    return tuple(n for n in seen if n not in optional), tuple(n for n in seen if n in optional)


def _mark_fixed(tree: nodes.Template, free: set[str]) -> None:
    """Puts `END_OF_FIXED` before the first part of a template that depends on anything but the `free` names."""
    from jinja2 import nodes

    end = nodes.TemplateData(END_OF_FIXED)
    for i, node in enumerate(tree.body):
        if isinstance(node, nodes.Output):
            for j, child in enumerate(node.nodes):
                if not isinstance(child, nodes.TemplateData) and not _is_fixed(nodes.Output([child]), tree, free):
                    node.nodes.insert(j, end)
                    return
        elif not isinstance(node, nodes.For | nodes.If | nodes.Assign | nodes.Macro) or not _is_fixed(node, tree, free):
            tree.body.insert(i, nodes.Output([end], lineno=node.lineno))
            return


def _is_fixed(node: nodes.Node, tree: nodes.Template, free: set[str]) -> bool:
    from jinja2 import meta, nodes

    alone = nodes.Template([node], lineno=1)
    alone.environment = tree.environment
    return meta.find_undeclared_variables(alone) <= free


def _evaluator(
    environment: Any, code: Any, file: str, first_line: int, names: tuple[str, ...]
) -> Callable[[Mapping[str, Any]], str]:
    from jinja2 import Template

    template = Template.from_code(environment, code, environment.make_globals(None))
    root, context, join = template.root_render_func, template.new_context, "".join

    def evaluate(values: Mapping[str, Any]) -> str:
        try:
            return join(root(context(values)))  # type: ignore[arg-type]
        except ScansionError:
            raise
        except simple.Null as error:
            nulls = tuple(name for name in names if name in values and values[name] is None)
            raise simple.null(f"{file}:{_line(error, template, first_line)}", nulls) from None
        except Exception as error:
            _explain(error, values, template, file, first_line)

    return evaluate


def _explain(error: Exception, values: Mapping[str, Any], template: Any, file: str, first_line: int) -> NoReturn:
    from jinja2 import UndefinedError
    from jinja2.exceptions import SecurityError

    line = _line(error, template, first_line)
    if isinstance(error, UndefinedError):
        raise simple.undefined(f"{file}:{line}", error.message, values) from None
    if isinstance(error, SecurityError):
        raise InputError(f"{file}:{line}: the template may not do this: {error}") from None
    raise ProgramError(f"{file}:{line}: the template fails: {type(error).__name__}: {error}") from None


def _line(error: Exception, template: Any, first_line: int) -> int:
    """The line of the file on which a template failed."""
    line, traceback = first_line, error.__traceback__
    while traceback:
        if traceback.tb_frame.f_globals.get("__jinja_template__") == template:
            line = first_line + template.get_corresponding_lineno(traceback.tb_lineno) - 1
        traceback = traceback.tb_next
    return int(line)
