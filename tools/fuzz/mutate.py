"""Mutations: a random generator, an input and others of its kind come in, another input goes out.

Plain bytes are edited anywhere. JSON is edited by its values, so that most of it still parses. PNG and gzip are edited within
their checksums, which are then renewed: a reader that refuses every wrong checksum would see nothing else.
"""

from __future__ import annotations

import functools
import gzip
import re
import struct
import zlib

LONGEST = 1 << 16  # bytes of a mutated input, unless it was longer before
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1)
WIDTHS = {1: "B", 2: "H", 4: "I", 8: "Q"}
VALUES = tuple(
    value.encode()
    for value in (
        "null", "true", "false", "0", "-1", "1", "2", "0.5", "-0.0", "1.7", "1e308", "1e999", "-1e999", "1e-400", "NaN",
        "Infinity", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + "0" * 400, '""', '"a"', '"1"',
        '"null"', '"../../x"', '"/x"', '"."', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"\\u001b[2J"', '"<img onerror=1>"',
        '"a\\nb"', '"é"', f'"{"x" * 5000}"', "[]", "{}", "[null]", "[[]]", '{"":0}', "[" * 1200 + "]" * 1200,
        "[0,0,0,0,0,0,0,0,0,0,0,0]",
    )
)  # fmt: skip
KEYS = (b'""', b'"schema_version"', b'"name"', b'"value"', b'"\\u0000"', b'"all"', b'"a"')
COMMA = re.compile(rb"\s*,")
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')


# ---------------------------------------------------------------------------------------------------------------- bytes
def mutated_bytes(rng, data, others, words=()):
    """Return `data` after one to four edits; `words` are what the format gives a meaning."""
    changed = bytearray(data)
    for _ in range(1 + int(rng.random() ** 3 * 4)):
        kind = rng.randrange(8 if words else 7) if changed else 2
        place = rng.randrange(len(changed) + 1)
        if kind == 0:
            changed[place - 1] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[place - 1] = rng.randrange(256)
        elif kind == 2:
            changed[place:place] = rng.randbytes(1 + rng.randrange(8))
        elif kind == 3:
            del changed[place : place + 1 + int(rng.random() ** 3 * len(changed))]
        elif kind == 4:
            changed[place:place] = changed[place : place + 1 + rng.randrange(64)] * (1 + rng.randrange(3))
        elif kind == 5:
            _set_number(rng, changed, place)
        elif kind == 6:
            _cross(rng, changed, place, others)
        else:
            changed[place : place + rng.randrange(4)] = rng.choice(words)
    return bytes(changed[: max(LONGEST, len(data))])


def _set_number(rng, changed, place):
    """Write a number at the edge of its width over what is there."""
    width = rng.choice((1, 2, 4, 8))
    packed = struct.pack(rng.choice("<>") + WIDTHS[width], rng.choice(EDGES) & (2 ** (8 * width) - 1))
    changed[place : place + width] = packed


def _cross(rng, changed, place, others):
    """Replace the end by that of another input."""
    other = rng.choice(others)
    changed[place:] = other[rng.randrange(len(other) + 1) :]


def of_words(*words):
    """Return a mutation of bytes that also writes these words of a format."""
    return functools.partial(mutated_bytes, words=words)


# ----------------------------------------------------------------------------------------------------------------- JSON
def mutated_json(rng, data, others):
    """Return JSON with one to three values, keys or members changed; every tenth is edited as bytes instead."""
    values, members = spans(data)
    if not values or rng.random() < 0.1:
        return mutated_bytes(rng, data, others)
    edits = []
    for _ in range(1 + int(rng.random() ** 3 * 3)):
        if rng.random() < 0.65 or not members:
            start, end = rng.choice(values)
            edits.append((start, end, _new_value(rng, data, data[start:end], values)))
        else:
            edits.append(_new_member(rng, data, members))
    left = len(data)  # from the end on, so that the places before stay right
    for start, end, text in sorted(edits, reverse=True):
        if end <= left:
            data = data[:start] + text + data[end:]
            left = start
    return data


def _new_value(rng, data, old, values):
    """Return another value for `old`: one from the list, one from elsewhere in the document, or a number near it."""
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(VALUES)
    if kind < 0.75 or not old[:1].isdigit():
        start, end = rng.choice(values)
        return data[start:end]
    try:
        number = int(old) if old.isdigit() else float(old)
        number = rng.choice((number + 1, number - 1, -number, number * 10, number / 3, number * 10**6))
    except (ValueError, OverflowError):
        return old
    return repr(number).encode()


def _new_member(rng, data, members):
    """Return the edit that removes, repeats, renames or replaces a member of an object or an item of a list."""
    start, end, key_end = rng.choice(members)
    other_start, other_end, _ = rng.choice(members)
    kind = rng.randrange(4)
    if kind == 0:
        comma = COMMA.match(data, end)
        return start, comma.end() if comma else end, b""
    if kind == 1:
        return end, end, (b"," + data[start:end]) * (1 + rng.randrange(3))
    if kind == 2 and key_end:
        return start, key_end, rng.choice(KEYS)
    return start, end, data[other_start:other_end]


@functools.lru_cache(maxsize=256)
def spans(data):
    """Return where the values of a JSON text are, and its members with the end of their key (0 in a list).

    A text that is no JSON has those that can be told.
    """
    values, members = [], []
    opened: list[tuple[int, tuple[int, int] | None]] = []
    key = None  # start and end of the last key
    tokens = list(TOKEN.finditer(data))
    for i, token in enumerate(tokens):
        text, start, end = token[0], token.start(), token.end()
        if text in b"{[":
            opened.append((start, key))
            key = None
            continue
        if text in b",:":
            continue
        if text in b"}]":
            if not opened:
                continue
            start, key = opened.pop()
        elif text[:1] == b'"' and i + 1 < len(tokens) and tokens[i + 1][0] == b":":
            key = (start, end)
            continue
        values.append((start, end))
        if opened:
            members.append((key[0], end, key[1]) if key else (start, end, 0))
        key = None
    return values, members


# -------------------------------------------------------------------------------------------------------- PNG and gzip
def mutated_png(rng, data, others):
    """Return a PNG file with a chunk changed whose checksum is right again; every fourth is edited as bytes instead."""
    chunks = png_chunks(data)
    if rng.random() < 0.25 or not chunks:
        return mutated_bytes(rng, data, others)
    place = rng.randrange(len(chunks))
    name, body = chunks[place]
    kind = rng.randrange(6)
    if kind == 0:
        chunks.insert(place, chunks[rng.randrange(len(chunks))])
    elif kind == 1:
        del chunks[place]
    elif kind == 2:
        words = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"eXIf", b"zTXt", b"iCCP", b"gAMA", b"fcTL")
        chunks[place] = (rng.choice(words), body)
    elif kind == 3 and name == b"IDAT":
        chunks[place] = (name, _repacked(rng, body, others))
    else:
        chunks[place] = (name, mutated_bytes(rng, body, others))
    return png_file(chunks)


def png_chunks(data):
    """Return the name and the body of each chunk of a PNG file, as far as it is whole."""
    chunks, place = [], 8
    while place + 8 <= len(data) and data[:8] == b"\x89PNG\r\n\x1a\n":
        (size,) = struct.unpack_from(">I", data, place)
        body = data[place + 8 : place + 8 + size]
        if len(body) < size:
            break
        chunks.append((data[place + 4 : place + 8], body))
        place += size + 12
    return chunks


def png_file(chunks):
    """Return the PNG file of these chunks, with right lengths and checksums."""
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _repacked(rng, body, others):
    try:
        return zlib.compress(mutated_bytes(rng, zlib.decompress(body), others))
    except zlib.error:
        return body


def mutated_gzip(rng, data, others):
    """Return a gzip file of changed contents, or with its bytes edited."""
    if rng.random() < 0.5:
        return mutated_bytes(rng, data, others)
    try:
        return gzip.compress(mutated_bytes(rng, gzip.decompress(data)[:LONGEST], others), 1, mtime=0)
    except (OSError, EOFError, zlib.error):
        return mutated_bytes(rng, data, others)
