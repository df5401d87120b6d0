"""The resolved tree: what was written, completed with every default, and where each value comes from."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from sim.scenario.distributions import DEFAULTS, KINDS
from sim.scenario.fields import Model
from sim.scenario.port import LENGTHS, Service
from sim.scenario.problems import Path
from sim.scenario.schema import Scenario
from sim.scenario.tree import Tree, dotted

DEFAULT = "default"
FIXED_TIME = ("deterministic", "value")
"""Where `service: 50 s` stands once it is written out."""


def complete(raw: dict[str, Any], scenario: Scenario) -> dict[str, Any]:
    """`raw` with the defaults of the schema, as text with units, in the order of the schema.

    Text that was written is kept. Reading the result gives an equal scenario, and completing it changes nothing.
    """
    tree = _model(raw, scenario)
    assert isinstance(tree, dict)
    return tree


def _value(raw: Any, value: Any) -> Any:
    if isinstance(value, Model):
        return _model(raw, value)
    if isinstance(value, dict) and value:
        if isinstance(raw, dict) and set(raw) <= {str(key) for key in value}:
            by_text = {str(key): child for key, child in value.items()}
            return {key: _value(child, by_text[key]) for key, child in raw.items()}
        if len(value) == 1:  # written for all, kept as a mapping with one key
            return _value(raw, next(iter(value.values())))
    if isinstance(value, tuple) and isinstance(raw, list):
        return [_value(child, part) for child, part in zip(raw, value, strict=True)]
    return copy.deepcopy(raw)


def _model(raw: Any, model: Model) -> Any:
    if isinstance(model, Service):
        raw = _service(raw)
    if not isinstance(raw, dict):
        return raw
    result: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        key = field.alias or name
        if isinstance(model, Service) and name == "distribution":
            result.update({kind: raw[kind] for kind in KINDS if kind in raw})
        elif raw.get(key) is not None:
            written = {**LENGTHS, **raw[key]} if key == "lengths" else raw[key]
            result[key] = _value(written, getattr(model, name))
        elif key in model.derived:
            result[key] = None
        elif key not in model.quiet:
            result[key] = _value(field.get_default(call_default_factory=True), getattr(model, name))
    return result


def _service(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        kind, parameter = FIXED_TIME
        return {kind: {parameter: raw}}
    result = dict(raw)
    for kind, defaults in DEFAULTS.items():
        if isinstance(raw.get(kind), dict):
            result[kind] = {**defaults, **raw[kind]}
    return result


def differences(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A variant that makes `other` of `base`: values by dotted path. Both are complete and without variants.

    A mapping that lost a key, or has its keys in another order, is written whole: the order is that of stations.
    """
    found = {dotted(path): copy.deepcopy(value) for path, value in _different(base, other, ())}
    return found or {"name": other["name"]}


def _different(base: dict[str, Any], other: dict[str, Any], at: Path) -> Iterator[tuple[Path, Any]]:
    for key, value in other.items():
        path, before = (*at, key), base.get(key)
        if not isinstance(value, dict) or not isinstance(before, dict):
            if key not in base or value != before or type(value) is not type(before):
                yield path, value
        elif repr(value) != repr(before):  # as written: `true` is not 1, and the order of keys counts
            if list(value)[: len(before)] == list(before):
                yield from _different(before, value, path)
            else:
                yield path, value


def leaves(tree: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    """Paths and values of what stands on a line of its own: scalars, lists of scalars, empty mappings."""
    if isinstance(tree, dict) and tree:
        return [leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))]
    if isinstance(tree, list) and any(isinstance(item, dict | list) for item in tree):
        return [leaf for index, item in enumerate(tree) for leaf in leaves(item, (*path, index))]
    return [(path, tree)]


def origins(tree: dict[str, Any], written: Tree, overrides: dict[str, str]) -> dict[str, str]:
    """Where each leaf of a resolved tree comes from, by dotted path.

    `overrides` says so for what was set from outside the file (`command line`, `drawn`): a path, or a key at the top.
    """
    result = {}
    for path, _ in leaves(tree):
        if path[0] == "variants":
            continue
        result[dotted(path)] = overrides.get(dotted(path)) or overrides.get(str(path[0])) or _origin(path, written)
    return result


def _origin(path: Path, written: Tree) -> str:
    known, place = written.nearest_place(path)
    value = written.get(known)
    written_here = known == path or path[len(known) :] == FIXED_TIME
    return str(place) if written_here and value is not None else DEFAULT
