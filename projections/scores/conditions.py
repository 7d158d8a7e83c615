"""Conditions on a fact's fields and on a contact's attributes, made ready to be asked (contract, part 2, section 2).

Numbers compare by their decimal value, texts by code point; true is no number. What is null is missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast

from config.profile import Condition, Scalar

Fields: TypeAlias = Mapping[str, object]
Holds: TypeAlias = Callable[[Fields], bool]
_Test: TypeAlias = Callable[[Any], bool]
_Read: TypeAlias = Callable[[Fields], object]

_FREE: Final = frozenset({"properties", "dimensions"})
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def on_facts(conditions: Iterable[Condition]) -> Holds:
    """True of the fields of a fact for which all of them hold; `properties.K` and `dimensions.K` look inside."""
    return _all([(_field_of_fact(each.field), _test(each)) for each in conditions])


def on_attributes(conditions: Iterable[Condition]) -> Holds:
    """True of attributes for which all of them hold; a dot in an attribute's name is part of it."""
    return _all([(_field(each.field), _test(each)) for each in conditions])


def _all(checks: list[tuple[_Read, _Test]]) -> Holds:
    if len(checks) == 1:
        ((read, test),) = checks
        return lambda fields: test(read(fields))
    return lambda fields: all(test(read(fields)) for read, test in checks)


def _field(name: str) -> _Read:
    return lambda fields: fields.get(name)


def _field_of_fact(name: str) -> _Read:
    table, dot, key = name.partition(".")
    if not dot or table not in _FREE:
        return _field(name)
    return lambda fields: cast(Fields, fields.get(table, {})).get(key)


def _test(condition: Condition) -> _Test:
    match condition.op, condition.value:
        case "=", value:
            return _equal(cast(Scalar, value))
        case "!=", value:
            equal = _equal(cast(Scalar, value))
            return lambda found: found is not None and not equal(found)
        case "in", tuple(values):
            return _in(values)
        case "contains", value:
            return _contains(cast(Scalar, value))
        case "contains_all", tuple(values):
            equals = [_equal(value) for value in values]
            return lambda found: isinstance(found, list) and all(any(map(equal, found)) for equal in equals)
        case "exists", value:
            return lambda found: (found is not None) is value
        case order, value:
            return _ordered(_ORDERS[order], cast(Scalar, value))


def _equal(value: Scalar) -> _Test:
    # Python says that 1 == True; texts equal nothing but texts.
    if isinstance(value, bool):
        return lambda found: found is value
    if isinstance(value, str):
        return lambda found: bool(found == value)
    return lambda found: found == value and not isinstance(found, bool)


def _in(values: tuple[Scalar, ...]) -> _Test:
    texts = frozenset(value for value in values if isinstance(value, str))
    others = [_equal(value) for value in values if not isinstance(value, str)]
    return lambda found: found in texts if isinstance(found, str) else any(equal(found) for equal in others)


def _contains(value: Scalar) -> _Test:
    equal = _equal(value)
    if isinstance(value, str):
        return lambda found: value in found if isinstance(found, str) else isinstance(found, list) and value in found
    return lambda found: isinstance(found, list) and any(map(equal, found))


def _ordered(compare: Callable[[Any, Any], bool], value: Scalar) -> _Test:
    if isinstance(value, str):
        return lambda found: isinstance(found, str) and compare(found, value)
    return lambda found: isinstance(found, int | Decimal) and not isinstance(found, bool) and compare(found, value)
