#!/usr/bin/python3
"""What no decent HTTP/2 client does, against a real daemon: bad prefaces, bombs and floods of all
kinds, windows that never open, bodies unlike what they say. Each gets what the specification says,
costs a bounded amount of memory, changes nothing in the store, and who behaves is served meanwhile
and after.
"""

import os
import ssl
import struct
import threading
import unittest

# Freed memory that ASan keeps back is no memory of the daemon's; asked for before it starts.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"

import support  # noqa: E402,F401 (finds the rest)
import frames  # noqa: E402
import hpack  # noqa: E402
import rpc  # noqa: E402
import scene  # noqa: E402
from hyperframe import frame as h2frames  # noqa: E402
from scene import now_ms  # noqa: E402

CLUB = scene.Scene()
CLUB.enrol("anna")
PATH = frames.SHORT["GetMember"]
BODY = rpc.framed(frames.get_member_request("anna").SerializeToString())
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GROWTH_BYTES = 16 << 20  # of the daemon, at any one abuse

PROTOCOL_ERROR = 1
FLOW_CONTROL_ERROR = 3
FRAME_SIZE_ERROR = 6
REFUSED_STREAM = 7
COMPRESSION_ERROR = 9
ENHANCE_YOUR_CALM = 11


def rss_bytes():
    with open(f"/proc/{CLUB.daemons[0].child.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def head(path=PATH, kind="application/grpc", *more):
    return [(":method", "POST"), (":scheme", "https"), (":authority", "club"), (":path", path),
            ("content-type", kind), ("te", "trailers"), *more]


class Raw:
    """A connection as a till that says whatever it is told to, frame by frame."""

    def __init__(self, greet=True):
        context = frames.tls_context(CLUB.world.tls, "till", alpn="h2")
        self.client = frames.Client(CLUB.daemons[0].port, context)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.bytes = b""
        if greet:
            self.say(PREFACE)
            self.send(h2frames.SettingsFrame(0))
            self.expect(h2frames.SettingsFrame)
            self.send(h2frames.SettingsFrame(0, flags=["ACK"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def say(self, data):
        """Bytes as they are. That the server has left is for who listens to find out."""
        try:
            self.client.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            pass

    def send(self, *some):
        self.say(b"".join(one.serialize() for one in some))

    def headers(self, stream, fields, *flags):
        return h2frames.HeadersFrame(stream, self.encoder.encode(fields), flags=flags)

    def ask(self, stream, fields=None, body=BODY, then=()):
        """A whole call, and what follows it in the same record: it comes before the answer."""
        self.send(self.headers(stream, fields or head(), "END_HEADERS"),
                  h2frames.DataFrame(stream, body, flags=["END_STREAM"]), *then)

    def next(self):
        """The next frame; None at the end of the connection."""
        while True:
            if len(self.bytes) >= 9:
                one, length = h2frames.Frame.parse_frame_header(memoryview(self.bytes[:9]))
                if len(self.bytes) >= 9 + length:
                    one.parse_body(memoryview(self.bytes[9:9 + length]))
                    self.bytes = self.bytes[9 + length:]
                    return one
            try:
                more = self.client.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.bytes += more

    def expect(self, kind, stream=None):
        """The next frame of that kind; the connection must not end before it."""
        while True:
            one = self.next()
            assert one is not None, f"ended before a {kind}"
            if isinstance(one, h2frames.HeadersFrame):
                one.fields = dict(self.decoder.decode(one.data))
            if isinstance(one, kind) and stream in (None, one.stream_id):
                return one

    def answer(self, stream):
        """The fields of head and trailers of an answer that came whole."""
        fields = {}
        while True:
            one = self.expect(h2frames.Frame, stream)
            fields.update(getattr(one, "fields", {}))
            if "END_STREAM" in one.flags:
                return fields

    def goaway(self, code, text=None):
        """GOAWAY, and the end of the connection behind it."""
        last = self.expect(h2frames.GoAwayFrame)
        assert last.error_code == code, last
        assert text is None or last.additional_data == text, last
        while self.next() is not None:
            pass

    def reset(self, stream, code):
        one = self.expect(h2frames.RstStreamFrame, stream)
        assert one.error_code == code, one


class Customer(threading.Thread):
    """Somebody decent: one call after the other until told to stop, each of them answered."""

    def __init__(self):
        super().__init__()
        self.stopping = threading.Event()
        self.served = 0
        self.trouble = None
        self.most_bytes = 0

    def run(self):
        try:
            with rpc.Caller(CLUB.daemons[0], "till") as caller:
                while not self.stopping.wait(0.005):
                    answer = caller.call("grpc", "GetMember", frames.get_member_request("anna"))
                    assert answer.code == 0, answer
                    self.served += 1
                    self.most_bytes = max(self.most_bytes, rss_bytes())
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def stop(self):
        self.stopping.set()
        self.join()


class Abuse(unittest.TestCase):
    def setUp(self):
        self.stored = CLUB.digest()
        with Raw() as warm:
            warm.ask(1)
            self.assertEqual(warm.answer(1)["grpc-status"], "0")
        self.before_bytes = rss_bytes()
        self.customer = Customer()
        self.customer.start()
        scene.world.wait_for(lambda: self.customer.served or self.customer.trouble, "a customer")

    def tearDown(self):
        served = self.customer.served
        scene.world.wait_for(lambda: self.customer.served > served or self.customer.trouble,
                             "the customer to be served after it")
        self.customer.stop()
        self.assertIsNone(self.customer.trouble)
        self.assertEqual(CLUB.digest(), self.stored)
        growth = max(self.customer.most_bytes, rss_bytes()) - self.before_bytes
        print(f"{self.id().split('.')[-1]}: {growth >> 10} KiB more", flush=True)
        self.assertLess(growth, GROWTH_BYTES)

    # --- what is no HTTP/2 ---

    def test_bad_prefaces(self):
        for data in (b"GET / HTTP/1.1\r\nhost: club\r\n\r\n" + b" " * 24,
                     b"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n", b"\0" * 24, os.urandom(64)):
            with self.subTest(data), Raw(greet=False) as raw:
                raw.say(data)
                raw.goaway(PROTOCOL_ERROR)

    def test_first_frame_is_no_settings(self):
        with Raw(greet=False) as raw:
            raw.say(PREFACE)
            raw.send(h2frames.PingFrame(0, b"12345678"))
            raw.goaway(PROTOCOL_ERROR)

    def test_a_frame_too_long(self):
        with Raw() as raw:
            raw.say(struct.pack(">I", 16385)[1:] + b"\0\0\0\0\0\1" + b"x" * 16385)
            raw.goaway(FRAME_SIZE_ERROR)

    # --- heads ---

    def test_a_large_head(self):
        with Raw() as raw:
            raw.ask(1, head(PATH, "application/grpc", ("name", "v" * 8192)))
            self.assertEqual(raw.answer(1)[":status"], "431")
            raw.ask(3)
            self.assertEqual(raw.answer(3)["grpc-status"], "0")

    def test_a_bomb_of_fields(self):
        """One long field in the table, then a byte for each time it is meant again."""
        with Raw() as raw:
            for stream in range(1, 201, 2):
                block = raw.encoder.encode([*head(), ("bomb", "v" * 3900)])
                block += raw.encoder.encode([("bomb", "v" * 3900)]) * 12000
                raw.send(h2frames.HeadersFrame(stream, block,
                                               flags=["END_HEADERS", "END_STREAM"]))
                self.assertEqual(raw.answer(stream)[":status"], "431")

    def test_head_of_garbage(self):
        with Raw() as raw:
            raw.send(h2frames.HeadersFrame(1, b"\xff" * 100, flags=["END_HEADERS"]))
            raw.goaway(COMPRESSION_ERROR)

    def test_continuations_without_end(self):
        for data in (b"", b"\0\1x\1y" * 3000):
            with self.subTest(len(data)), Raw() as raw:
                raw.send(raw.headers(1, head()), *[h2frames.ContinuationFrame(1, data)] * 100)
                raw.goaway(ENHANCE_YOUR_CALM)

    def test_a_head_that_never_ends(self):
        with Raw() as raw:
            raw.send(raw.headers(1, head()))
            raw.goaway(ENHANCE_YOUR_CALM, b"a field section took too long")

    # --- floods ---

    def test_rapid_reset(self):
        with Raw() as raw:
            streams = range(1, 6001, 2)
            raw.send(*[frame for stream in streams
                       for frame in (raw.headers(stream, head(), "END_HEADERS"),
                                     h2frames.RstStreamFrame(stream, 8))])
            raw.goaway(ENHANCE_YOUR_CALM)

    def test_made_to_reset(self):
        """It is the server that resets, for what the client does; whole calls all of them."""
        with Raw() as raw:
            for stream in range(1, 6001, 2):
                raw.ask(stream, then=[h2frames.WindowUpdateFrame(stream, 2**31 - 1)])
                one = raw.expect((h2frames.RstStreamFrame, h2frames.GoAwayFrame))
                if isinstance(one, h2frames.GoAwayFrame):
                    break
            self.assertEqual((one.error_code, one.additional_data),
                             (ENHANCE_YOUR_CALM, b"too_many_resets"))

    def test_pings(self):
        with Raw() as raw:
            raw.send(*[h2frames.PingFrame(0, b"12345678")] * 10000)
            raw.goaway(ENHANCE_YOUR_CALM, b"too_many_pings")

    def test_settings(self):
        with Raw() as raw:
            raw.send(*[h2frames.SettingsFrame(0, settings={4: size}) for size in range(10000)])
            raw.goaway(ENHANCE_YOUR_CALM, b"too_many_settings")

    def test_empty_data(self):
        with Raw() as raw:
            raw.send(raw.headers(1, head(), "END_HEADERS"),
                     *[h2frames.DataFrame(1, b"")] * 10000)
            raw.goaway(ENHANCE_YOUR_CALM, b"too_many_empty_frames")

    def test_windows(self):
        with Raw() as raw:
            raw.send(*[h2frames.WindowUpdateFrame(0, window_increment=1)] * 20000)
            raw.goaway(ENHANCE_YOUR_CALM, b"too_many_frames")

    def test_too_many_streams(self):
        with Raw() as raw:
            raw.send(*[raw.headers(stream, head(), "END_HEADERS")
                       for stream in range(1, 2001, 2)])
            raw.goaway(PROTOCOL_ERROR)

    # --- windows ---

    def test_answers_that_nobody_takes(self):
        """Windows of nothing for as many calls as there may be, then all of them open."""
        with Raw() as raw:
            raw.send(h2frames.SettingsFrame(0, settings={4: 0}))
            streams = range(1, 257, 2)
            for stream in streams:
                raw.ask(stream)
            for stream in streams:
                raw.expect(h2frames.HeadersFrame, stream)
            served = self.customer.served
            scene.world.wait_for(lambda: self.customer.served > served + 20, "others to be served")
            raw.send(h2frames.SettingsFrame(0, settings={4: 65535}))
            answered = set()
            while len(answered) < len(streams):
                one = raw.expect(h2frames.HeadersFrame)
                if "END_STREAM" in one.flags:
                    self.assertEqual(one.fields["grpc-status"], "0")
                    answered.add(one.stream_id)

    def test_windows_too_large(self):
        with Raw() as raw:
            raw.send(raw.headers(1, head(), "END_HEADERS"),
                     h2frames.WindowUpdateFrame(1, 2**31 - 1))
            raw.reset(1, FLOW_CONTROL_ERROR)
            raw.send(h2frames.WindowUpdateFrame(0, 2**31 - 1))
            raw.goaway(FLOW_CONTROL_ERROR)

    def test_windows_of_nothing(self):
        for stream in (0, 1):
            with self.subTest(stream), Raw() as raw:
                raw.send(raw.headers(1, head(), "END_HEADERS"))
                raw.say(b"\0\0\4\x08\0" + struct.pack(">II", stream, 0))
                raw.goaway(PROTOCOL_ERROR)

    # --- bodies ---

    def test_bad_content_types(self):
        for kind in ("text/plain", "application/grpcx", "application/x-protobuf", ""):
            with self.subTest(kind), Raw() as raw:
                raw.ask(1, head(PATH, kind))
                self.assertEqual(raw.answer(1)[":status"], "415")

    def test_a_prefix_that_promises_too_much(self):
        with Raw() as raw:
            raw.ask(1, body=BODY[:-1])
            self.assertIn(raw.answer(1)["grpc-status"], ("3", "13"))
            raw.ask(3, body=BODY[:3])
            self.assertIn(raw.answer(3)["grpc-status"], ("3", "13"))
            raw.ask(5, body=struct.pack(">BI", 0, 2**32 - 1) + b"x")
            self.assertEqual(raw.answer(5)["grpc-status"], "8")
            raw.ask(7, body=struct.pack(">BI", 0, 2**20 + 1) + b"x")
            self.assertEqual(raw.answer(7)["grpc-status"], "8")

    def test_more_than_one_message(self):
        with Raw() as raw:
            raw.ask(1, body=BODY + BODY)
            self.assertIn(raw.answer(1)["grpc-status"], ("3", "12", "13"))

    def test_more_data_than_the_content_length(self):
        with Raw() as raw:
            length = ("content-length", str(len(BODY) - 1))
            raw.ask(1, head(PATH, "application/grpc", length))
            raw.reset(1, PROTOCOL_ERROR)
            length = ("content-length", str(len(BODY) + 1))
            raw.ask(3, head(PATH, "application/grpc", length))
            raw.reset(3, PROTOCOL_ERROR)
            raw.ask(5, head(PATH, "application/grpc", ("content-length", str(len(BODY)))))
            self.assertEqual(raw.answer(5)["grpc-status"], "0")

    def test_bodies_that_never_end(self):
        """As much as the windows let through, on every stream there may be."""
        with Raw() as raw:
            for stream in range(1, 257, 2):
                data = struct.pack(">BI", 0, 2**20) + b"x" * 8192
                raw.send(raw.headers(stream, head(), "END_HEADERS"),
                         h2frames.DataFrame(stream, data))
            late = raw.expect(h2frames.HeadersFrame)
            self.assertIn((late.fields[":status"], late.fields.get("grpc-status")),
                          (("408", None), ("200", "8")))


class Money(unittest.TestCase):
    def test_awards_reset_at_once(self):
        """Each is done once or not at all, whatever became of its stream; asked again, each is."""
        CLUB.enrol("bert")
        requests = [frames.award_request("bert", 1000, now_ms()) for _ in range(100)]
        with Raw() as raw:
            for number, request in enumerate(requests):
                stream = 2 * number + 1
                raw.ask(stream, head(frames.SHORT["Award"]),
                        rpc.framed(request.SerializeToString()))
                raw.send(h2frames.RstStreamFrame(stream, 8))
        with rpc.Caller(CLUB.daemons[0], "till") as caller:
            for request in requests * 2:
                self.assertEqual(caller.call("grpc", "Award", request).code, 0)
        self.assertEqual(CLUB.get("bert").standing.balance, 100 * 10)
        CLUB.totals()


if __name__ == "__main__":
    scene.run_tests(CLUB)
