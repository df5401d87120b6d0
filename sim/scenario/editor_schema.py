"""The JSON Schema of a scenario as users write it: `bordersim schema`, for editors and the reference page.

Walks the models of `sim.scenario.schema`: keys, descriptions, defaults and limits are theirs. What the models
read after a short form has been unfolded (one service for all classes, a single secondary, `tandem: true`) is
described here as it is written. The schema is JSON Schema draft 7, which the common YAML language server reads best.

It is the shape that can be told without the rest of the file: keys, words, units, types. What needs a sum, another
key or a file is left to `bordersim check`: whatever the loader takes the schema takes, not the other way round.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le, MinLen
from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from sim.scenario import agreement, control, drivers, fields, irregular, preclearance, traffic, units
from sim.scenario import editor_values as values
from sim.scenario.distributions import KINDS
from sim.scenario.editor_examples import EXAMPLES
from sim.scenario.editor_values import NAME, NULL, Schema, by_class, either, keyed_by, ref
from sim.scenario.editor_variants import variants
from sim.scenario.fields import Model
from sim.scenario.port import Port, Secondary, Service
from sim.scenario.precision import MeasureName, PreciseMeasure
from sim.scenario.schema import Scenario
from sim.scenario.vocabulary import CLASS_NAMES, EVERY, HALL_MODES, IRREGULAR

TRAVELLERS = rf"^(?:{NAME}|\*)$"
"""A class of travellers, or all of them."""
REGISTRY = "registry"
"""Key of a port that fills in what is not written."""
PART = "Part"
"""End of the names of definitions in which nothing is required."""
FILE = "bordersim.schema.json"
"""What the schema is called beside a scenario."""

_VALUES: tuple[tuple[Any, str], ...] = (
    (fields.AnyShare, "AnyShare"),
    (fields.CivilTime, "CivilTime"),
    (drivers.CivilMoment, "CivilMoment"),
    (fields.CivilDate, "CivilDate"),
    (fields.TimeOfDay, "TimeOfDay"),
    (fields.Name, "Name"),
    (fields.ClassPattern, "ClassPattern"),
    (fields.Count, "Count"),
    (fields.Factor, "Factor"),
    (fields.PositiveFactor, "PositiveFactor"),
    (fields.Distribution, "Distribution"),
    (fields.OpenTable, "OpenTable"),
    (fields.HoursTable, "HoursTable"),
    (fields.DurationTable, "DurationTable"),
    (fields.Trace, "CsvFile"),
    (fields.Counts, "CsvFile"),
    (preclearance.TimetableFile, "CsvFile"),
    (preclearance.ShareOrRest, "ShareOrRest"),
    (fields.ProfileTable, "ProfileTable"),
)
"""Definition of each type of field that stands for one value."""
_QUANTITIES = {
    units.DURATION.name: "Duration",
    units.RATE.name: "Rate",
    units.SHARE.name: "Share",
    units.CAR_LENGTHS.name: "CarLengths",
    units.METRES.name: "Metres",
    units.DISTANCE.name: "Distance",
    units.PEOPLE.name: "People",
    units.MONEY.name: "Money",
}
"""Definition of a quantity by the name of its dimension, whatever limits a field puts on it."""


def text() -> str:
    """The schema as a file: JSON, the same bytes each time."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def json_schema() -> Schema:
    """The schema as plain values."""
    return _Walk().whole()


class _Walk:
    """One walk over the models, gathering definitions in the order in which they are met."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {**values.scalars(), **values.week_tables()}
        for kind, schema in values.kind_schemas().items():
            self.definitions[values.definition_of(kind)] = schema
        self.definitions["Distribution"] = values.distribution()
        self.partial = False
        """Inside a port that the registry fills in: nothing need be written, and null takes an entry away."""

    def whole(self) -> Schema:
        root = self.model_schema(Scenario)
        root["properties"]["variants"] |= {"patternProperties": {f"^{NAME}$": ref("Variant")}}
        self.definitions["Variant"] = variants(root, self.definitions)
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            **root,
            "title": "bordersim scenario",
            "definitions": dict(sorted(self.definitions.items())),
        }

    # ---- models ----

    def model(self, model: type[Model]) -> Schema:
        """A reference to the definition of a model, which is made once."""
        if model is Port and not self.partial:
            return self.port()
        return self.define(model)

    def port(self) -> Schema:
        """A port stated in full, or what differs from the registry."""
        self.partial = True
        part = self.define(Port)
        self.partial = False
        return {"if": {"required": [REGISTRY]}, "then": part, "else": self.define(Port)}

    def define(self, model: type[Model]) -> Schema:
        name = model.__name__ + (PART if self.partial else "")
        if name not in self.definitions:
            self.definitions[name] = {}  # holds the place should a model hold itself
            self.definitions[name] = self.model_schema(model)
        return ref(name)

    def model_schema(self, model: type[Model]) -> Schema:
        hints = get_type_hints(model, include_extras=True)
        properties: dict[str, Schema] = {}
        for name, field in model.model_fields.items():
            if (model, name) == (Service, "distribution"):
                properties |= {kind: either(ref(values.definition_of(kind)), NULL) for kind in KINDS}
            else:
                properties[field.alias or name] = self.field(model, name, field, hints[name])
        schema: Schema = {
            "title": _spaced(model.__name__),
            "type": "object",
            "description": (model.__doc__ or "").strip(),
            "properties": properties,
            "additionalProperties": False,
        }
        if not self.partial:
            schema |= _needed(model)
        if model.__name__ in EXAMPLES:
            schema["examples"] = [EXAMPLES[model.__name__]]
        return schema

    def field(self, model: type[Model], name: str, field: FieldInfo, hint: Any) -> Schema:
        """Schema of the value of one key, with what the models say of it."""
        short = _SHORT_FORMS.get((model.__name__, name))
        schema = dict(short(self) if short else self.hint(hint))
        _limit(schema, field.metadata)
        if self.partial or not field.is_required():
            schema = _or_null(schema)
        schema = values.described(schema, field.description or "")
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if name not in model.derived | model.quiet and default not in (None, "", [], {}):
            schema["default"] = default
        return schema

    # ---- types of fields ----

    def hint(self, hint: Any) -> Schema:
        """Schema of an annotated type."""
        for known, name in _VALUES:
            if hint == known:
                return ref(name)
        origin, parts = get_origin(hint), get_args(hint)
        if hint == traffic.NamedProfile:
            known = {"title": "name of a profile of the registry", "type": "string", "pattern": traffic.NAME_PATTERN}
            return either(ref("ProfileTable"), ref("CsvFile"), known)
        if hint == agreement.Agreement:
            dated = {"title": "list", "type": "array", "items": self.model(agreement.DatedRule), "minItems": 1}
            return either({"title": "word", "enum": list(agreement.RULES)}, dated)
        if hint == control.Seen:
            return either(ref("Duration"), ref("Count"))
        if hint == fields.BinWidth:
            return either(ref("Duration"), {"const": fields.NO_BINS})
        if hint == traffic.Nexus:
            return either(ref("Share"), self.model(traffic.NexusMembers))
        if hint == fields.Patience:
            return self.per_class(ref("Distribution"))
        if origin is Annotated:
            stated = [part.json_schema for part in parts if isinstance(part, WithJsonSchema)]
            return _of_value(stated[-1]) if stated and stated[-1] else self.hint(parts[0])
        if origin in (Union, types.UnionType):
            inner = [self.hint(part) for part in parts if part is not type(None)]
            return inner[0] if len(inner) == 1 else either(*inner)
        if origin is Literal:
            return {"title": "word", "enum": list(parts)} if len(parts) > 1 else {"const": parts[0]}
        if origin is tuple:
            return {"type": "array", "items": self.hint(parts[0])}
        if origin is dict:
            return self.mapping(*parts)
        if isinstance(hint, type) and issubclass(hint, Model):
            return self.model(hint)
        if hint not in _PLAIN:
            return {}  # a type that says nothing of itself: the loader judges it
        kind, title = _PLAIN[hint]
        return {"title": title, "type": kind}

    def mapping(self, key: Any, value: Any) -> Schema:
        """Schema of a mapping by the type of its keys."""
        inner = self.hint(value)
        if self.partial:
            inner = _or_null(inner)
        if key == fields.ClassOrEvery:
            return self.per_class(inner) if value is Service else by_class(inner)
        if key == fields.ClassPattern:
            return values.keyed(CLASS_NAMES, inner)
        if key == preclearance.Traveller:
            return keyed_by(TRAVELLERS, inner)
        if key == preclearance.BankTime:
            return keyed_by(values.TIME_KEY, inner)
        if key == fields.WholeKey:
            return keyed_by("^[0-9]+$", inner)
        if get_origin(key) is Literal:
            return values.keyed(get_args(key), inner)
        return keyed_by(f"^{NAME}$", inner)

    def per_class(self, value: Schema) -> Schema:
        """One value for all classes, or one by class."""
        return either(value, by_class(value))

    def per_traveller(self, value: Schema) -> Schema:
        """One value for all travellers, or one by class."""
        return either(value, keyed_by(TRAVELLERS, value))

    # ---- short forms ----

    def shares(self) -> Schema:
        return self.per_traveller(ref("Share"))

    def times(self) -> Schema:
        return self.per_traveller(ref("Distribution"))

    def services(self) -> Schema:
        return self.per_traveller(either(ref("Duration"), self.model(Service)))

    def sizes(self) -> Schema:
        return self.per_traveller(self.occupants())

    def service(self) -> Schema:
        """A time, a distribution with what changes it, or either by class."""
        return self.per_class(either(ref("Duration"), self.model(Service)))

    def secondary(self) -> Schema:
        """One secondary inspection, or several by name; no kind is named like a key of one."""
        one = self.model(Secondary)
        others = f"^(?!{values.one_of(Secondary.keys())}$){NAME}$"
        return either(one, keyed_by(others, one))

    def hide(self) -> Schema:
        """One share, or one by rule in force."""
        return either(ref("Share"), values.keyed((*agreement.RULES, EVERY), ref("Share")))

    def exceptions(self) -> Schema:
        return values.keyed(irregular.GROUNDS, self.shares())

    def occupants(self) -> Schema:
        return either({"title": "number", "type": "number", "minimum": 1}, self.model(traffic.Occupants))

    def factor_by_class_anywhere(self) -> Schema:
        """At ports by their classes, elsewhere by mode and classes of the scenario's own."""
        modes = (*HALL_MODES, IRREGULAR)
        factors = by_class(ref("Factor"), "all", *modes)
        of_travellers = rf"^(?:{'|'.join(modes)})\.{NAME}$"
        return either(ref("Factor"), {**factors, "patternProperties": {of_travellers: ref("Factor")}})

    def factor_by_lane(self) -> Schema:
        lanes = keyed_by(rf"^(?:{NAME}|\*)$", ref("PositiveFactor"))
        return either(ref("PositiveFactor"), lanes)

    def stopped(self) -> Schema:
        station = {"title": "name", "type": "string", "pattern": rf"^(?:{NAME}|\*)$"}
        return either({"title": "word", "const": "all"}, {"title": "list", "type": "array", "items": station})

    def precise(self) -> Schema:
        """One measure or several, each by its name or as a mapping."""
        one = either(self.hint(MeasureName), self.model(PreciseMeasure))
        return either(one, {"title": "list", "type": "array", "items": one, "minItems": 1})

    def values(self) -> Schema:
        """Values for a path: what may stand there the loader tells."""
        return {"type": "array", "items": {"title": "value"}, "minItems": 1}

    def two_ends(self) -> Schema:
        return {"type": "array", "items": {"title": "value"}, "minItems": 2, "maxItems": 2}

    def tandem(self) -> Schema:
        count = {"title": "whole number", "type": "integer", "minimum": 0}
        return either(count, {"title": "true or false", "type": "boolean"})


_PLAIN: dict[Any, tuple[str, str]] = {
    str: ("string", "text"),
    int: ("integer", "whole number"),
    float: ("number", "number"),
    bool: ("boolean", "true or false"),
}
"""Type in JSON Schema and in words."""

_SHORT_FORMS: dict[tuple[str, str], Callable[[_Walk], Schema]] = {
    ("Scenario", "variants"): lambda walk: {"type": "object", "additionalProperties": False},
    ("Port", "zone"): lambda walk: ref("Zone"),
    ("Port", "secondary"): _Walk.secondary,
    ("Traffic", "occupants"): _Walk.occupants,
    ("LaneGroup", "service"): _Walk.service,
    ("LaneGroup", "tandem"): _Walk.tandem,
    ("Secondary", "service"): _Walk.service,
    ("UntilPrecise", "of"): _Walk.precise,
    ("Stage", "service"): _Walk.services,
    ("Stage", "share"): _Walk.shares,
    ("Failure", "share"): _Walk.shares,
    ("Preclearance", "show_up"): _Walk.times,
    ("Preclearance", "party"): _Walk.sizes,
    ("Preclearance", "registry"): lambda walk: ref("AirportCode"),
    ("Preclearance", "code"): lambda walk: ref("AirportCode"),
    ("Preclearance", "zone"): lambda walk: ref("Zone"),
    ("FarSide", "zone"): lambda walk: ref("Zone"),
    ("Irregular", "registry"): lambda walk: ref("SectorId"),
    ("Irregular", "zone"): lambda walk: ref("Zone"),
    ("Origin", "zone"): lambda walk: ref("Zone"),
    ("Groups", "size"): _Walk.sizes,
    ("Groups", "hide"): _Walk.hide,
    ("ClaimStage", "service"): _Walk.services,
    ("Eligibility", "service"): _Walk.services,
    ("Eligibility", "exceptions"): _Walk.exceptions,
    ("Exemption", "share"): _Walk.shares,
    ("Event", "demand"): _Walk.factor_by_class_anywhere,
    ("Event", "referral"): _Walk.factor_by_class_anywhere,
    ("Event", "service"): _Walk.factor_by_lane,
    ("Event", "stopped"): _Walk.stopped,
    ("Scenario", "ranges"): lambda walk: keyed_by("^.+$", walk.two_ends()),
    ("Sweep", "vary"): lambda walk: keyed_by("^.+$", walk.values()),
}
"""Fields that take more forms than their type says, by model and name."""


def _of_value(stated: Schema) -> Schema:
    """Schema of a value from what its type says of itself; a quantity says its dimension."""
    dimension = str(stated.get("description", "")).partition(" with its unit")[0]
    if dimension in _QUANTITIES:
        return ref(_QUANTITIES[dimension])
    titles = dict(_PLAIN.values())
    return {"title": titles[stated["type"]], **stated} if stated.get("type") in titles else dict(stated)


def _spaced(name: str) -> str:
    """`LaneGroup` as people say it: lane group."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()


def _stated(key: str) -> Schema:
    """That a key is there and not null."""
    return {"required": [key], "properties": {key: {"not": NULL}}, "errorMessage": _ONE_DISTRIBUTION}


def _needed(model: type[Model]) -> Schema:
    """What must be written in a mapping of this model."""
    if model is Service:
        return {"oneOf": [_stated(kind) for kind in KINDS]}
    needed = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    return {"required": needed} if needed else {}


_ONE_DISTRIBUTION = "exactly one distribution, such as 50 s or {erlang: {mean: 50 s, shape: 3}}"


def _limit(schema: Schema, metadata: list[Any]) -> None:
    """Put the limits of a field into its schema."""
    kind = schema.get("type")
    for limit in metadata:
        if isinstance(limit, Ge) and kind in ("integer", "number"):
            schema["minimum"] = limit.ge
        elif isinstance(limit, Le) and kind in ("integer", "number"):
            schema["maximum"] = limit.le
        elif isinstance(limit, MinLen):
            words = {"string": "minLength", "array": "minItems", "object": "minProperties"}
            if kind in words:
                schema[words[kind]] = limit.min_length


def _or_null(schema: Schema) -> Schema:
    """The same, or null, which is as good as leaving the key out."""
    if set(schema) == {"anyOf"}:
        return either(*schema["anyOf"], NULL)
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return either(schema, NULL)
