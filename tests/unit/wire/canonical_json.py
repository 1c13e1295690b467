#!/usr/bin/python3
"""Writes canonical_json.txt: random messages of every type as bytes and as JSON, by Google's own
Python implementation. tree_canonical_test.c holds ours against it.

    tests/unit/wire/canonical_json.py > tests/unit/wire/canonical_json.txt

Needs protoc and python3-protobuf; run it again when the contract has changed. Each line is the
type, the bytes in base64, and the JSON three times: canonical, with proto names, with defaults.
"""

import base64
import glob
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

A_TYPE = 2
TEXTS = ["", "gold", "no", "007", "a b", 'q"\\/', "\n\t\x01\x7f", "é", "金卡", "🎁", "<&>", "1.5"]
WHOLE = [0, 1, 7, 127, 128, 65535, 2**31 - 1]
ENDS = {
    FieldDescriptor.CPPTYPE_INT32: [-(2**31), 2**31 - 1, -1],
    FieldDescriptor.CPPTYPE_UINT32: [2**32 - 1],
    FieldDescriptor.CPPTYPE_INT64: [-(2**63), 2**63 - 1, -1, 2**53 + 1],
    FieldDescriptor.CPPTYPE_UINT64: [2**64 - 1, 2**63, 2**53 + 1],
}


def load_contract(folder):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))))
    files = sorted(glob.glob("loyalty/v1/*.proto", root_dir=os.path.join(root, "proto")))
    foreign = ["google/longrunning/operations.proto", "google/rpc/status.proto"]
    subprocess.run(["protoc", "-I", os.path.join(root, "proto"), "--python_out", folder, *files,
                    *foreign], check=True)
    sys.path.insert(0, folder)
    types = {}
    for file in files:
        module = importlib.import_module(file.replace("/", ".").replace(".proto", "_pb2"))
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            types[descriptor.full_name] = getattr(module, descriptor.name)
    return types


def random_scalar(dice, field):
    if field.type == FieldDescriptor.TYPE_BYTES:
        return dice.randbytes(dice.randrange(8))
    if field.type == FieldDescriptor.TYPE_STRING:
        return dice.choice(TEXTS)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return dice.random() < 0.5
    if field.type == FieldDescriptor.TYPE_ENUM:
        return dice.choice(field.enum_type.values).number
    return dice.choice(WHOLE + ENDS[field.cpp_type] * 2)


def fill_field(dice, message, field):
    value = getattr(message, field.name)
    if field.message_type and field.message_type.GetOptions().map_entry:
        for key in dice.sample(TEXTS, dice.randrange(3)):
            value[key] = random_scalar(dice, field.message_type.fields_by_name["value"])
    elif field.label == FieldDescriptor.LABEL_REPEATED:
        for _ in range(dice.randrange(3)):
            if field.message_type:
                fill(dice, value.add())
            else:
                value.append(random_scalar(dice, field))
    elif field.message_type:
        value.SetInParent()
        fill(dice, value)
    else:
        setattr(message, field.name, random_scalar(dice, field))


def fill(dice, message):
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        message.seconds = dice.choice([0, 4102444800, 7289654399, dice.randrange(2**32)])
        message.nanos = dice.choice([0, 1, 1000, 250000000, 999999999])
        return
    for field in message.DESCRIPTOR.fields:
        taken = field.containing_oneof and message.WhichOneof(field.containing_oneof.name)
        if not taken and dice.random() < 0.7:
            fill_field(dice, message, field)


def compact(text):
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def main():
    dice = random.Random(20260601)
    with tempfile.TemporaryDirectory() as folder:
        for name, make in sorted(load_contract(folder).items()):
            for _ in range(A_TYPE):
                message = make()
                fill(dice, message)
                data = message.SerializeToString(deterministic=True)
                print(name, base64.b64encode(data).decode(),
                      compact(json_format.MessageToJson(message)),
                      compact(json_format.MessageToJson(message, preserving_proto_field_name=True)),
                      compact(json_format.MessageToJson(message,
                                                        including_default_value_fields=True)),
                      sep="\t")


if __name__ == "__main__":
    main()
