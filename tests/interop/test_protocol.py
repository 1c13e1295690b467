#!/usr/bin/python3
"""proto/PROTOCOL.md says what is: its dumps are replayed to a real daemon and compared byte by
byte, its lists of fields are compared with the contract, and a client written from it alone awards.

    test_protocol.py --write     puts the dumps into the page anew, as they are
"""

import os
import re
import ssl
import struct
import sys
import unittest

import support  # noqa: F401 (finds the rest)
import dump
import frames
import plain_till
import scene
import world

PAGE = f"{frames.SOURCE}/proto/PROTOCOL.md"
NOW = "2026-02-01T02:00:00Z"
ENROLLED_MS = frames.utc_ms("2026-01-10T02:00:00+00:00")
NOW_MS = frames.utc_ms(NOW.replace("Z", "+00:00"))
IDS = "018d3f64-0000-7000-8000-00000000000{}"
BLOCK = re.compile(r"^```hex (\S+) (\S+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIELDS = re.compile(r"^```fields\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\d+) (\w+)(?: +((?:repeated )?(?:map<string, \w+>|\w+)))?(?:  .*)?$")
VALUE = re.compile(r"^  (\d+) (\w+)(?: .*)?$")
SCALARS = {"TYPE_INT64": "int64", "TYPE_UINT64": "uint64", "TYPE_INT32": "int32",
           "TYPE_UINT32": "uint32", "TYPE_BOOL": "bool", "TYPE_STRING": "string",
           "TYPE_BYTES": "bytes"}
TILL_METHODS = {"ClockService/GetClock", "MembersService/GetMember"}


def page():
    with open(PAGE, encoding="utf-8") as file:
        return file.read()


def envelope(correlation, method, payload):
    """A request's frame, as protobuf's own library writes it."""
    data = frames.frame.RequestEnvelope(correlation_id=correlation, method=frames.SHORT[method],
                                        payload=payload).SerializeToString()
    return struct.pack(">I", len(data)) + data


def reversal(number, original, **part):
    request = frames.points.ReverseRequest(
        mutation=frames.mutation(IDS.format(number), NOW_MS), member=frames.member_ref("anna"),
        original_request_id=IDS.format(original), reason="returned", **part)
    request.original_created_at.FromMilliseconds(NOW_MS)
    return request


def made():
    """What the page's requests are, by their names."""
    receipt = frames.common.ReceiptKey(number=1001, business_date="2026-02-01")
    award = frames.award_request("anna", 123456, NOW_MS, IDS.format(2), receipt=receipt)
    redeem = frames.redeem_request("anna", 5000, NOW_MS, IDS.format(3))
    member = frames.get_member_request("anna").SerializeToString()
    back = reversal(4, 2, amount_minor=30000,
                    receipt=frames.common.ReceiptKey(number=1002, business_date="2026-02-01"))
    day = frames.tills.ReconcileRequest(
        mutation=frames.mutation(IDS.format(6), NOW_MS), business_date="2026-02-01",
        totals=[frames.tills.OperationTotal(operation="OPERATION_AWARD", count=1, points=1234,
                                            amount_minor=123456),
                frames.tills.OperationTotal(operation="OPERATION_REVERSE_AWARD", count=1,
                                            points=299, amount_minor=30000)])
    return {"clock": envelope(1, "GetClock", b""),
            "award": envelope(2, "Award", award.SerializeToString()),
            "retry": envelope(3, "Award", award.SerializeToString()),
            "redeem": envelope(4, "Redeem", redeem.SerializeToString()),
            "reverse": envelope(5, "Reverse", back.SerializeToString()),
            "tombstone": envelope(6, "Reverse", reversal(5, 8).SerializeToString()),
            "reconcile": envelope(7, "Reconcile", day.SerializeToString()),
            "malformed": envelope(8, "GetMember", member + b"\x78\x01"),
            "broken": bytes.fromhex("00000002" "08ff"),
            "goaway": bytes.fromhex("00000002" "2a00")}


class Club:
    """What the page's exchanges presuppose."""

    def __init__(self):
        self.world = world.World()
        self.daemon = self.world.daemon("daemon", "--embedded", f"{self.world.folder}/data",
                                        "--sandbox")
        self.daemon.wait_ready()
        self.world.ctl("clock", "set", NOW, daemon=self.daemon)
        self.world.publish(self.daemon)
        with self.daemon.client("admin") as client:
            for number, member in ((1, "anna"), (9, "bert")):
                client.ask("Enroll", frames.enrol_request(member, ENROLLED_MS, IDS.format(number),
                                                          ENROLLED_MS))

    def finish(self):
        assert self.daemon.stop() == 0, self.daemon.output()


def read_frame(client):
    prefix = client._read(4)  # pylint: disable=protected-access
    return prefix + client._read(struct.unpack(">I", prefix)[0])  # pylint: disable=protected-access


def replay(club, requests):
    """Sends each request of the page; yields (name, what, method, the frame) of all its blocks."""
    client = club.daemon.client("till")
    for name, what, method, _ in BLOCK.findall(page()):
        data = requests[name]
        if what == "request":
            client.send_bytes(data)
        elif what == "answer":
            data = read_frame(client)
        elif what == "closed":
            broken = club.daemon.client("till")
            broken.send_bytes(data)
            assert broken.socket.recv(100) == b"", "answered instead of closing"
        else:
            assert what == "goaway", what
            club.daemon.child.terminate()
            data = read_frame(client)
        yield name, what, method, data


def rows_of(what, method, data):
    """A block's lines. Nobody can say more of a broken frame than its length."""
    if what != "closed":
        return dump.dump(data, frames.SHORT.get(method, ""))
    writer = dump.Writer()
    writer.add(data[:4], f"length of the envelope: {len(data) - 4}")
    writer.add(data[4:], "1 correlation_id: a byte that says \"more\", and no more")
    return writer.rows


def write_page():
    club = Club()
    text = page()
    for name, what, method, data in replay(club, made()):
        rows = "\n".join(rows_of(what, method, data))
        text = re.sub(rf"(?ms)^(```hex {name} {what} {method}\n).*?^```$",
                      lambda match, rows=rows: f"{match.group(1)}{rows}\n```", text)
    club.finish()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)


class Exchanges(unittest.TestCase):
    """The last of them ends the daemon."""

    def test_as_the_page_says(self):
        club = Club()
        blocks = {(name, what): rows.splitlines()
                  for name, what, _, rows in BLOCK.findall(page())}
        requests = {name: dump.read(rows) for (name, what), rows in blocks.items()
                    if what != "answer"}
        self.assertEqual(requests, made())
        seen = set()
        for name, what, method, data in replay(club, requests):
            with self.subTest(name, what=what):
                self.assertEqual(blocks[name, what], rows_of(what, method, data))
            seen.add((name, what))
        self.assertEqual(seen, set(blocks))
        club.finish()


def type_of(field):
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        return f"map<string, {type_of(value)}>"
    kind = field.message_type or field.enum_type
    if kind is None:
        names = {getattr(field, name): word for name, word in SCALARS.items()}
        return ("repeated " if field.label == field.LABEL_REPEATED else "") + names[field.type]
    return ("repeated " if field.label == field.LABEL_REPEATED else "") + kind.name


def reachable():
    """Every message and enum that a till may meet, by its name: its fields or its values."""
    waiting = [frames.frame.RequestEnvelope.DESCRIPTOR, frames.frame.ReplyEnvelope.DESCRIPTOR]
    for path, method in frames.METHODS.items():
        if path.split(".")[-1] in TILL_METHODS or "PointsService" in path \
                or "TillsService" in path:
            waiting += [method.input_type, method.output_type]
    found = {}
    while waiting:
        kind = waiting.pop()
        if kind.name in found:
            continue
        if hasattr(kind, "values_by_number"):
            found[kind.name] = [(value.number, value.name) for value in kind.values]
            continue
        found[kind.name] = [(field.number, field.name, type_of(field)) for field in kind.fields]
        for field in kind.fields:
            below = field.message_type or field.enum_type
            if below is not None and not below.name.endswith("Entry"):
                waiting.append(below)
    return found


def listed():
    """The same, as the page has it."""
    found = {}
    for block in FIELDS.findall(page()):
        for part in block.strip().split("\n\n"):
            name, *lines = part.splitlines()
            assert name not in found, f"{name} is listed twice"
            row = VALUE if name in ENUMS else FIELD
            matches = [row.match(line) for line in lines]
            assert None not in matches, f"{name}: {lines[matches.index(None)]}"
            found[name] = [(int(match.group(1)), *match.groups()[1:]) for match in matches]
    return found


ENUMS = {kind for module in frames.MODULES.values()
         for kind in module.DESCRIPTOR.enum_types_by_name}


class Contract(unittest.TestCase):
    def test_fields(self):
        contract, listing = reachable(), listed()
        self.assertEqual(set(listing), set(contract))
        for name, fields in contract.items():
            with self.subTest(name):
                self.assertEqual(sorted(listing[name]), sorted(fields))

    def test_reasons(self):
        """Whatever the page calls a reason, the daemon can say."""
        said = set()
        for folder in ("core", "wire", "service"):
            for name in os.listdir(f"{frames.SOURCE}/daemon/{folder}"):
                with open(f"{frames.SOURCE}/daemon/{folder}/{name}", encoding="utf-8") as file:
                    said |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', file.read()))
        table = page().split("Reasons that a till acts on")[1].split("## 7")[0]
        reasons = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", table))
        self.assertGreater(len(reasons), 30)
        self.assertEqual(reasons - said, set())

    def test_methods(self):
        table = set(re.findall(r"^\| `(/loyalty\.v1\.\S+)` \|", page(), re.MULTILINE))
        self.assertEqual(table, {path for path in frames.METHODS
                                 if path.split(".")[-1] in TILL_METHODS
                                 or "PointsService" in path or "TillsService" in path})


class PlainTill(unittest.TestCase):
    """Another's client, made from the page: plain_till.py."""

    @classmethod
    def setUpClass(cls):
        cls.club = Club()
        cls.address = ("127.0.0.1", cls.club.daemon.port)

    @classmethod
    def tearDownClass(cls):
        cls.club.finish()

    def till(self):
        tls = self.club.world.tls
        return plain_till.Till(self.address, f"{tls}/ca.pem", f"{tls}/till.pem", f"{tls}/till.key")

    def test_awards_and_retries(self):
        with self.till() as till:
            before = till.balance("bert")
            intent = till.award("bert", 999_99)
            first = till.send(intent)
            again = till.send(intent)
            till.cut()  # the answer is lost
            till.send_only(intent)
            till.cut()
            later = till.send(intent)
            self.assertEqual([first.outcome, again.outcome, later.outcome],
                             ["APPLIED", "DUPLICATE", "DUPLICATE"])
            self.assertEqual(first.message, again.message)
            self.assertEqual(first.message, later.message)
            self.assertEqual(first.message[6], [999])
            self.assertEqual(till.balance("bert"), before + 999)

    def test_refusals(self):
        with self.till() as till:
            poor = till.send(till.redeem("bert", 10**9))
            self.assertEqual((poor.outcome, poor.reason), ("REFUSED", "INSUFFICIENT_POINTS"))
            nobody = till.send(till.award("nobody", 100))
            self.assertEqual((nobody.outcome, nobody.reason), ("REFUSED", "UNKNOWN_MEMBER"))

    def test_pipelined(self):
        with self.till() as till:
            before = till.balance("bert")
            intents = [till.award("bert", 100 * n) for n in range(1, 51)]
            answers = till.send_all(intents)
            self.assertEqual([answer.message[6] for answer in answers],
                             [[n] for n in range(1, 51)])
            self.assertEqual(till.balance("bert"), before + sum(range(1, 51)))

    def test_reserves_and_takes_back(self):
        with self.till() as till:
            till.send(till.award("bert", 500_00))
            before = till.balance("bert")
            hold = till.reserve("bert", 100)
            self.assertEqual(till.send(hold).message[4], [100])
            self.assertEqual(till.balance("bert"), before - 100)
            captured = till.send(till.capture("bert", hold, 60))
            self.assertEqual((captured.message[4], captured.message[7]), ([60], [40]))
            back = till.reverse("bert", hold)
            self.assertEqual(till.send(back).message[6], [60])
            self.assertEqual(till.send(back).outcome, "DUPLICATE")
            again = till.send(till.reverse("bert", hold))
            self.assertEqual((again.outcome, again.message[4]), ("APPLIED", [3]))
            self.assertEqual(till.balance("bert"), before)

    def test_returns_lines(self):
        """Numbers in a list are packed, or stand apart."""
        varint, field = plain_till.varint, plain_till.field
        with self.till() as till:
            before = till.balance("bert")
            sale = till.award("bert", 100_00, 20_00, 3_00)
            till.send(sale)
            packed = field(6, field(1, varint(1) + varint(3)))
            apart = field(6, field(1, 2))
            for part, points in ((packed, 103), (apart, 20)):
                back = till.send(till.reverse("bert", sale, part))
                self.assertEqual((back.outcome, back.message[5]), ("APPLIED", [points]))
            self.assertEqual(till.balance("bert"), before)

    def test_reverses_what_never_came(self):
        with self.till() as till:
            before = till.balance("bert")
            lost = till.award("bert", 100_00)
            self.assertEqual(till.send(till.reverse("bert", lost)).message[4], [4])
            late = till.send(lost)
            self.assertEqual((late.outcome, late.reason), ("REFUSED", "REVERSED_BEFORE"))
            self.assertEqual(till.balance("bert"), before)

    def test_wrong_certificate(self):
        tls = self.club.world.tls
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            plain_till.Till(self.address, f"{tls}/ca.pem", f"{tls}/server.pem",
                            f"{tls}/server.key").balance("bert")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write_page()
    else:
        scene.run_tests()
