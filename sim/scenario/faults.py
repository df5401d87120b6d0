"""From what validation found to faults with file, line and column, in plain words."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sim.errors import Fault
from sim.scenario.checks import unknown_key
from sim.scenario.fields import Model, mend_whole
from sim.scenario.problems import Path, Problem, ProblemError, Step, in_words, nearest
from sim.scenario.tree import Tree, dotted


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """The problems behind a validation error; `at` is the path as pydantic sees it."""
    found: list[Problem] = []
    for item in error.errors(include_url=False):
        steps: Path = tuple(item["loc"])
        on_key = bool(steps) and steps[-1] == "[key]"
        if on_key:
            steps = steps[:-1]
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, ProblemError):
            found += [_keyed(problem, on_key).under(*steps) for problem in cause.problems]
        else:
            found.append(_keyed(_in_words(item, steps, model), on_key))
    misspelt = {(problem.at[:-1], problem.mend) for problem in found if problem.on_key}
    return [problem for problem in found if (problem.at, _meant(problem)) not in misspelt]


def _meant(problem: Problem) -> str:
    """For a missing key, the mend of a key that was probably meant to be it."""
    return f"did you mean {problem.found.removeprefix('no ')}?"


def _keyed(problem: Problem, on_key: bool) -> Problem:
    return Problem(problem.found, problem.allowed, problem.mend, problem.at, problem.on_key or on_key, problem.place)


def _in_words(item: Any, steps: Path, model: type[BaseModel]) -> Problem:
    """One of pydantic's own complaints in plain words."""
    kind, value, context = item["type"], item.get("input"), item.get("ctx", {})
    if kind == "missing":
        return Problem(f"no '{steps[-1]}'", _description(model, steps), at=steps[:-1], on_key=True)
    if kind == "extra_forbidden":
        problem = unknown_key(str(steps[-1]), keys_at(model, steps[:-1]))
        return problem.under(*steps[:-1])
    if kind == "literal_error":
        words = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ", ").split(",")]
        return Problem(in_words(value), f"one of {', '.join(words)}", nearest(str(value), words), steps)
    limits = {
        "greater_than": f"above {context.get('gt', 0):g}",
        "greater_than_equal": f"of {context.get('ge', 0):g} or more",
        "less_than": f"below {context.get('lt', 0):g}",
        "less_than_equal": f"of at most {context.get('le', 0):g}",
    }
    if kind in limits:
        return Problem(in_words(value), f"a number {limits[kind]}", at=steps)
    if kind in ("too_short", "string_too_short"):
        return Problem("nothing in it", "one entry or more" if kind == "too_short" else "some text", at=steps)
    return Problem(in_words(value), _TYPES.get(kind, str(item["msg"])), _mend_type(kind, value), steps)


_TYPES = {
    "int_type": "a whole number, such as 6",
    "int_parsing": "a whole number, such as 6",
    "float_type": "a plain number, such as 0.9",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a mapping: key: value",
    "model_type": "a mapping: key: value",
    "model_attributes_type": "a mapping: key: value",
    "tuple_type": "a list, such as [car, truck]",
    "list_type": "a list, such as [car, truck]",
}


def _mend_type(kind: str, value: Any) -> str:
    if kind == "bool_type" and isinstance(value, str) and value.lower() in ("yes", "no", "on", "off"):
        return f"write {'true' if value.lower() in ('yes', 'on') else 'false'}"
    if kind == "int_type":
        return mend_whole(value)
    if kind == "string_type":
        return f'in quotes: "{value}"' if isinstance(value, int | float) else ""
    return ""


def keys_at(model: type[BaseModel], steps: Path) -> tuple[str, ...]:
    """Keys that may stand in the mapping at `steps`, walking the types of the schema."""
    found = _type_at(model, steps)
    return found.keys() if isinstance(found, type) and issubclass(found, Model) else ()


def _description(model: type[BaseModel], steps: Path) -> str:
    owner = _type_at(model, steps[:-1])
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        for name, field in owner.model_fields.items():
            if steps[-1] in (name, field.alias):
                said = (field.description or "").rstrip(".")
                return said if said[:2].isupper() else said[:1].lower() + said[1:]
    return ""


def _type_at(annotation: Any, steps: Path) -> Any:
    for step in steps:
        annotation = _step_into(_bare(annotation), step)
    return _bare(annotation)


def _bare(annotation: Any) -> Any:
    """The type without Annotated and without `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
            continue
        choices = [choice for choice in get_args(annotation) if choice is not type(None)]
        if origin in (Union, types.UnionType) and len(choices) == 1:
            annotation = choices[0]
            continue
        return annotation


def _step_into(annotation: Any, step: Step) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
        return None
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return arguments[1]
    if origin is tuple:
        return arguments[0]
    if origin in (Union, types.UnionType):  # a tagged union: the step is the tag
        return next((a for a in map(_bare, arguments) if isinstance(a, type) and issubclass(a, BaseModel)), None)
    return None


def placed(problem: Problem, tree: Tree, prefix: str = "") -> Fault:
    """The fault at the place of its value in the tree; steps that only validation knows are left out."""
    path = written_path(tree.plain, problem.at)
    if problem.place is not None:
        return Fault(*problem.place, dotted(path), problem.found, problem.allowed, problem.mend)
    known, place = tree.nearest_place(path)
    on_key = problem.on_key or known != path or not _is_leaf(tree, known)
    line, column = (place.key_line, place.key_column) if on_key else (place.line, place.column)
    if not known:
        line, column = 1, 1
    shown = (*place.source, *path[len(known) :]) if place.variant else path
    return Fault(place.file, line, column, dotted(shown), f"{prefix}{problem.found}", problem.allowed, problem.mend)


def _is_leaf(tree: Tree, path: Path) -> bool:
    return not isinstance(tree.get(path), dict)


def written_path(plain: Any, steps: Path) -> Path:
    """The steps that exist in the tree as written: `*` and other words of validation are skipped."""
    path: list[Step] = []
    value = plain
    for step in steps:
        if isinstance(value, dict) and str(step) in value:
            path.append(str(step))
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            path.append(step)
            value = value[step]
    return tuple(path)
