"""JSON as the contract reads it: RFC 8259 and less."""

import pytest

from events.strict_json import MAX_NESTING, MalformedJsonError, Number, parse_json


def test_a_number_keeps_its_spelling() -> None:
    assert parse_json(b'{"a": [1, -0.50, 9007199254740993]}') == {
        "a": [Number("1"), Number("-0.50"), Number("9007199254740993")]
    }


@pytest.mark.parametrize(
    ("raw", "value"), [(b' \t\r\n"x" \n', "x"), (b'"\\ud83d\\ude00\\/"', "😀/"), (b'"\x7f"', "\x7f")]
)
def test_what_rfc_8259_allows_is_read(raw: bytes, value: object) -> None:
    assert parse_json(raw) == value


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"{", b"[1,]", b'{"a":1,}', b"{'a':1}", b"01", b"+1", b".5", b"5.", b"1e", b"0x1", b"nul", b"True",
     b'"\t"',
     b'"\x00"', b'"\\x"', b'"\\u12"', b"1 2", b"1\x00", b"1\x0c", b"/**/1", b"NaN", b"Infinity", b"-Infinity",
     b"[1e999]",
     b"-1e999", b"1" * 400, b"\xef\xbb\xbf1", '"x"'.encode("utf-16"), b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"',
     b'"\\ud800"', b'"\\udc00\\ud800"', b'{"\\uD83d":1}', b'["\\udead", 1]'],
)  # fmt: skip
def test_everything_else_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_json(raw)


@pytest.mark.parametrize(
    "raw", [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'[{"b":{"a":1,"c":2,"a":3}}]', b'{"a":null,"b":1,"a":null}']
)
def test_a_key_given_twice_is_malformed_however_deep_and_however_spelled(raw: bytes) -> None:
    with pytest.raises(MalformedJsonError, match="twice"):
        parse_json(raw)


def nested(levels: int) -> bytes:
    return b'[{"a":' * (levels // 2) + b"[" * (levels % 2) + b"1" + b"]" * (levels % 2) + b"}]" * (levels // 2)


@pytest.mark.parametrize("levels", [1, MAX_NESTING - 1, MAX_NESTING])
def test_nesting_of_64_is_read(levels: int) -> None:
    assert parse_json(nested(levels))


@pytest.mark.parametrize("raw", [nested(MAX_NESTING + 1), nested(30_000), b"[" * 32_000, b'{"a":' * 6_000])
def test_nesting_beyond_64_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedJsonError, match="nesting beyond 64"):
        parse_json(raw)


def test_brackets_within_text_and_brackets_side_by_side_do_not_nest() -> None:
    assert parse_json(b'["' + b'[{\\"' * 100 + b'",' + b"[]," * 99 + b"{}]")
