"""A till in plain Python, written from proto/PROTOCOL.md alone: no protobuf library, no code made
from the contract, none of ours. What it lacks of a real one is a disk: an intent lives in memory.
"""

import collections
import socket
import ssl
import struct
import time
import uuid

WAIT_S = 20
RETRY_LATER = {8, 14}
OPEN = {0, 2, 4, 13}
Answer = collections.namedtuple("Answer", "outcome message reason")


# --- protobuf, as far as the page has it ---

def varint(number):
    number &= 2**64 - 1
    data = b""
    while number > 0x7f:
        data += bytes([number & 0x7f | 0x80])
        number >>= 7
    return data + bytes([number])


def field(number, value):
    """A number or a text or a message's bytes; what is the default is left out."""
    if isinstance(value, int):
        return varint(number * 8) + varint(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return varint(number * 8 + 2) + varint(len(value)) + value


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(data):
    """Field number -> its values, in the order they came."""
    found = collections.defaultdict(list)
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key % 8 == 0:
            value, at = read_varint(data, at)
            value -= 2**64 if value >= 2**63 else 0
        elif key % 8 == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError(f"wire type {key % 8}")
        found[key // 8].append(value)
    return found


def only(message, number, default=0):
    return message[number][0] if message[number] else default


def timestamp(instant_ms):
    return field(1, instant_ms // 1000) + field(2, instant_ms % 1000 * 1_000_000)


# --- the till ---

class Till:
    """One connection at a time, opened when there is something to say."""

    def __init__(self, address, ca, certificate, key):
        self.address = address
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self.tls.load_verify_locations(ca)
        self.tls.load_cert_chain(certificate, key)
        self.tls.set_alpn_protocols(["loyalty/1"])
        self.link = None
        self.correlation = 0
        self.ahead_ms = 0  # the server's clock, less ours
        self.connect()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()

    def connect(self):
        """Connected is who has had an answer: the server's time."""
        raw = socket.create_connection(self.address, timeout=WAIT_S)
        self.link = self.tls.wrap_socket(raw, server_hostname=self.address[0])
        try:
            answer = self.receive(self.write("ClockService/GetClock", b""))
        except OSError:
            self.cut()
            raise
        now = fields(only(answer.message, 1, b""))
        self.ahead_ms = only(now, 1) * 1000 + only(now, 2) // 1_000_000 - time.time_ns() // 10**6

    def cut(self):
        if self.link is not None:
            self.link.close()
            self.link = None

    def now_ms(self):
        return time.time_ns() // 10**6 + self.ahead_ms

    # --- frames ---

    def write(self, method, payload):
        self.correlation += 1
        envelope = (field(1, self.correlation) + field(2, f"/loyalty.v1.{method}")
                    + field(4, payload))
        self.link.sendall(struct.pack(">I", len(envelope)) + envelope)
        return self.correlation

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.link.recv(count - len(data))
            if not more:
                raise ConnectionError("the server closed")
            data += more
        return data

    def receive_any(self):
        """(correlation id, Answer); a goaway is no answer."""
        while True:
            envelope = fields(self.read(struct.unpack(">I", self.read(4))[0]))
            if not envelope[5]:
                return only(envelope, 1), self.judge(envelope)

    def receive(self, correlation):
        came, answer = self.receive_any()
        assert came == correlation, (came, correlation)
        return answer

    @staticmethod
    def judge(envelope):
        """One of the five outcomes."""
        if envelope[3]:
            error = fields(envelope[3][0])
            code = only(error, 1)
            outcome = ("RETRY_LATER" if code in RETRY_LATER
                       else "OUTCOME_UNKNOWN" if code in OPEN else "REFUSED")
            return Answer(outcome, None, only(error, 2, b"").decode())
        outcome = "DUPLICATE" if only(envelope, 4) else "APPLIED"
        return Answer(outcome, fields(only(envelope, 2, b"")), "")

    # --- intents: method and message, made once ---

    def mutation(self):
        return field(1, field(1, str(uuid.uuid4())) + field(2, timestamp(self.now_ms())))

    def award(self, member, *amounts_minor):
        sale = field(3, "CNY") + b"".join(field(4, field(1, minor)) for minor in amounts_minor)
        return "PointsService/Award", (self.mutation() + field(2, field(1, member))
                                       + field(3, sale))

    def redeem(self, member, points):
        return "PointsService/Redeem", (self.mutation() + field(2, field(1, member))
                                        + field(3, points))

    def reserve(self, member, points):
        return "PointsService/Reserve", (self.mutation() + field(2, field(1, member))
                                         + field(3, points))

    def capture(self, member, reservation, points):
        return "PointsService/Capture", (self.mutation() + field(2, field(1, member))
                                         + field(3, self.id_of(reservation)) + field(4, points))

    def reverse(self, member, original, part=b""):
        """Its id and when it was formed are in what was sent, or was to be. No part: the whole."""
        created = fields(fields(original[1])[1][0])[2][0]
        return "PointsService/Reverse", (self.mutation() + field(2, field(1, member))
                                         + field(3, self.id_of(original)) + field(4, created)
                                         + part)

    @staticmethod
    def id_of(intent):
        return fields(fields(intent[1])[1][0])[1][0]

    # --- asking ---

    def send_only(self, intent):
        if self.link is None:
            self.connect()
        return self.write(*intent)

    def send(self, intent):
        """Asks, and asks again, until the answer is definite."""
        while True:
            try:
                answer = self.receive(self.send_only(intent))
            except ConnectionError:
                self.cut()
                continue
            if answer.outcome not in ("RETRY_LATER", "OUTCOME_UNKNOWN"):
                return answer
            time.sleep(0.1)

    def send_all(self, intents):
        """All at once; their answers, in the order of the intents."""
        order = [self.send_only(intent) for intent in intents]
        answers = dict(self.receive_any() for _ in order)
        return [answers[correlation] for correlation in order]

    def balance(self, member):
        found = self.send(("MembersService/GetMember", field(1, field(1, member))))
        standing = fields(only(found.message, 5, b""))
        return only(standing, 1)
