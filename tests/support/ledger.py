"""What the service has stored, read from Redis without it: the event streams, which hold every
record ever written, each with its chain hash (daemon/service/event.h, daemon/core/record.h).
"""

import collections
import hashlib
import uuid

HASH_BYTES = 16
FLAG_MARK = 1
FLAG_SYSTEM = 1 << 5
EVENT_FORMATS = 1, 2  # records; birthdays

Record = collections.namedtuple("Record", "type request_id")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def parse_record(body):
    """Its type, and the client's request it answers if it does."""
    flags, at = varint(body, 1)
    _, at = varint(body, at)  # the instant
    marked = flags & FLAG_MARK and not flags & FLAG_SYSTEM
    return Record(body[0], str(uuid.UUID(bytes=body[at:at + HASH_BYTES])) if marked else None)


class Account:
    """The chain of one account, by its events."""

    def __init__(self):
        self.seq = 0
        self.tail = bytes(HASH_BYTES)
        self.types = collections.Counter()  # of its records

    def extend(self, first_seq, data):
        """The records of one event; gives (request id, sequence number) of those that have one."""
        assert first_seq == self.seq + 1, f"an event begins at {first_seq}, not {self.seq + 1}"
        at = 0
        marks = []
        while at < len(data):
            length, body_at = varint(data, at)
            end = body_at + length
            tail = hashlib.sha256(self.tail + data[at:end]).digest()[:HASH_BYTES]
            assert data[end:end + HASH_BYTES] == tail, f"the chain breaks behind {self.seq}"
            self.seq += 1
            self.tail = tail
            record = parse_record(data[body_at:end])
            self.types[record.type] += 1
            if record.request_id is not None:
                marks.append((record.request_id, self.seq))
            at = end + HASH_BYTES
        return marks


class Stored:
    """All accounts, by partition and id, and where each request stands: `places`, by request id,
    as (member, sequence number). Reads on from where it was."""

    def __init__(self):
        self.events = collections.Counter()  # of each partition
        self.accounts = collections.defaultdict(Account)
        self.places = collections.defaultdict(list)
        self.partitions = 0

    def read(self, redis):
        """What is new; gives the keys of the accounts that have it. Every event must follow on the
        one before, and every log must end where its events do."""
        self.partitions = int(redis.command("GET", "ly:{meta}:partitions"))
        fresh = set()
        for partition in ("meta", *map(str, range(self.partitions))):
            fresh |= self._read_partition(redis, partition)
        for partition, member in sorted(fresh):
            key = f"ly:{{{partition}}}:{member}" if partition == "meta" \
                else f"ly:{{{partition}}}:a:{member}"
            tail = redis.command("GETRANGE", key, -HASH_BYTES, -1)
            assert tail == self.accounts[partition, member].tail, f"{key} ends elsewhere"
        return fresh

    def _read_partition(self, redis, partition):
        fresh = set()
        stream = f"ly:{{{partition}}}:ev"
        begin = f"(0-{self.events[partition]}" if self.events[partition] else "-"
        for entry, fields in redis.command("XRANGE", stream, begin, "+"):
            self.events[partition] += 1
            assert entry == b"0-%d" % self.events[partition], f"{stream}: a gap before {entry}"
            fresh.add(self._take(partition, fields[1]))
        return fresh

    def _take(self, partition, event):
        assert event[0] in EVENT_FORMATS, event[0]
        length, at = varint(event, 1)
        key = partition, event[at:at + length].decode()
        first_seq, at = varint(event, at + length)
        told, at = varint(event, at)
        at += told
        for request_id, seq in self.accounts[key].extend(first_seq, event[at:]):
            self.places[request_id].append((key[1], seq))
        return key
