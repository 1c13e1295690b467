"""The hex dumps of proto/PROTOCOL.md: bytes on the left, on the right what each of them is by the
contract. The page's dumps are made here and compared here, so that none can be wrong.

    dump(data, request_of)     the lines of one frame
    read(lines)                the bytes of such lines again
"""

import datetime
import re
import struct

import frames

COLUMN = 3 * 16 + 1  # where the words begin
ROW = re.compile(r"^((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)?$")
VARINT, I64, SIZED, I32 = 0, 1, 2, 5


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


class Writer:
    """Collects rows: bytes with words, the words set in by how deep they are."""

    def __init__(self):
        self.rows = []

    def add(self, data, words, depth=0):
        for at in range(0, len(data), 16):
            left = data[at:at + 16].hex(" ")
            right = "  " * depth + words if at == 0 else ""
            self.rows.append(f"{left:{COLUMN}}{right}".rstrip())


def instant(timestamp):
    """What a Timestamp says, in words."""
    second = datetime.datetime.fromtimestamp(timestamp.seconds, datetime.timezone.utc)
    thousandths = f".{timestamp.nanos // 1_000_000:03}" if timestamp.nanos else ""
    return f"{second:%Y-%m-%dT%H:%M:%S}{thousandths}Z"


def in_words(field, value):
    """A number or a text as one reads it."""
    if field.type == field.TYPE_ENUM:
        return f"{field.enum_type.values_by_number[value].name} ({value})"
    if field.type == field.TYPE_BOOL:
        return "true" if value else "false"
    if field.type in (field.TYPE_INT64, field.TYPE_INT32) and value >= 2**63:
        return str(value - 2**64)
    return str(value)


def write_message(writer, data, kind, depth, inner=None):
    """Every field of a message of the type `kind`. `inner`: the type of what a field `payload`
    holds."""
    at = 0
    while at < len(data):
        begin = at
        key, at = read_varint(data, at)
        field = kind.fields_by_number.get(key >> 3)
        if field is None:
            value, at = read_varint(data, at)
            writer.add(data[begin:at], f"{key >> 3} is no field of it (= {value})", depth)
            continue
        name = f"{field.number} {field.name}"
        if key & 7 == VARINT:
            value, at = read_varint(data, at)
            writer.add(data[begin:at], f"{name} = {in_words(field, value)}", depth)
            continue
        assert key & 7 == SIZED, key
        length, at = read_varint(data, at)
        body = data[at:at + length]
        at += length
        message = field.message_type or (inner if field.name == "payload" else None)
        if message is None:
            writer.add(data[begin:at], f'{name} = "{body.decode()}"', depth)
            continue
        size = "1 byte" if length == 1 else f"{length} bytes"
        says = f", {instant(message._concrete_class.FromString(body))}" \
            if message.full_name == "google.protobuf.Timestamp" else ""
        entry = message.GetOptions().map_entry
        words = f"{name}: {'an entry' if entry else message.name} of {size}{says}"
        writer.add(data[begin:at - length], words, depth)
        write_message(writer, body, message, depth + 1)


def dump(data, method):
    """A frame, prefix and all; `method` is what is asked, or what was."""
    length = struct.unpack(">I", data[:4])[0]
    assert length == len(data) - 4, (length, len(data))
    writer = Writer()
    writer.add(data[:4], f"length of the envelope: {length}")
    request = data[4:].find(b"\x12" + bytes([len(method)]) + method.encode()) >= 0
    kind = frames.frame.RequestEnvelope if request else frames.frame.ReplyEnvelope
    inner = frames.METHODS.get(method)
    if inner is not None:
        inner = inner.input_type if request else inner.output_type
    write_message(writer, data[4:], kind.DESCRIPTOR, 0, inner)
    return writer.rows


def read(lines):
    """The bytes that a dump shows."""
    rows = [ROW.match(line) for line in lines]
    bad = [line for line, row in zip(lines, rows) if row is None]
    assert not bad, bad
    return b"".join(bytes.fromhex(row.group(1)) for row in rows)
