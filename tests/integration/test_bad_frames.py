#!/usr/bin/python3
"""Frames cut short, too large, or of garbage, and connections without the right ALPN: closed, with
nothing stored, and everybody else goes on being served.
"""

import os
import random
import socket
import struct
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
from scene import now_ms

CLUB = scene.Scene()
CLUB.enrol("anna")
SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
print(f"LOYALTY_SEED={SEED}", flush=True)
FRAME_MS = 10_000  # within which a frame must have come whole


def envelope(method="Award", payload=None, correlation=1):
    if payload is None:
        payload = frames.award_request("anna", 1000, now_ms()).SerializeToString()
    return frames.frame.RequestEnvelope(correlation_id=correlation,
                                        method=frames.SHORT.get(method, method),
                                        payload=payload).SerializeToString()


def framed(data):
    return struct.pack(">I", len(data)) + data


class Frames(unittest.TestCase):
    def setUp(self):
        self.good = CLUB.client()
        self.before = CLUB.digest()

    def tearDown(self):
        """Nothing was stored, and who behaves is served."""
        self.assertEqual(CLUB.digest(), self.before)
        self.good.ask("GetMember", frames.get_member_request("anna"))

    def closed(self, data, seconds=5):
        """The server closes on these bytes, without an answer."""
        with CLUB.client() as client:
            client.socket.settimeout(seconds)
            try:
                client.send_bytes(data)
                self.assertEqual(client.socket.recv(100), b"", "answered instead of closing")
            except (frames.Closed, ConnectionError):
                pass

    def test_too_large(self):
        for length in (65537, 2**24, 2**31, 2**32 - 1):
            with self.subTest(length):
                self.closed(struct.pack(">I", length) + b"\0" * 100)

    def test_empty_frame(self):
        self.closed(struct.pack(">I", 0))

    def test_garbage(self):
        rng = random.Random(SEED)
        for _ in range(50):
            data = rng.randbytes(rng.randrange(1, 300))
            with self.subTest(data=data):
                try:
                    frames.frame.RequestEnvelope.FromString(data)
                except Exception:  # pylint: disable=broad-except
                    self.closed(framed(data))

    def test_http(self):
        self.closed(b"GET / HTTP/1.1\r\nHost: points.example\r\n\r\n")

    def test_flipped_bits_never_hurt(self):
        """Whatever one changed bit makes of a good request for nobody: an answer or a close."""
        payload = frames.award_request("nobody", 1000, now_ms()).SerializeToString()
        data = framed(envelope(payload=payload))
        rng = random.Random(SEED)
        for _ in range(150):
            changed = bytearray(data)
            at = rng.randrange(4, len(data))
            changed[at] ^= 1 << rng.randrange(8)
            with CLUB.client() as client:
                client.waiting = _Anything()
                try:
                    client.send_bytes(bytes(changed))
                    _, reply = client.receive()
                    self.assertIsNotNone(reply.error)
                except frames.Closed:
                    pass

    def test_cut_short_then_gone(self):
        data = framed(envelope())
        for length in (1, 3, 4, 5, len(data) // 2, len(data) - 1):
            with CLUB.client() as client:
                client.send_bytes(data[:length])

    def test_cut_short_then_silent(self):
        """A frame that does not come to its end in time closes the connection."""
        self.closed(framed(envelope())[:20], seconds=FRAME_MS / 1000 + 5)

    def test_bytes_one_by_one(self):
        client = CLUB.client()
        request = framed(envelope("GetMember", frames.get_member_request("anna")
                                  .SerializeToString(), correlation=7))
        client.waiting[7] = frames.SHORT["GetMember"]
        for byte in request:
            client.send_bytes(bytes([byte]))
        self.assertEqual(client.receive()[1].message.member_id, "anna")

    def test_unknown_method_is_answered(self):
        with CLUB.client() as client:
            for method in ("", "/", "/loyalty.v1.PointsService/", "x" * 3000):
                reply = client.call(method, b"")
                self.assertEqual(reply.error.code, frames.common.CODE_UNIMPLEMENTED, method)

    def test_largest_frame_is_taken(self):
        """A frame of exactly the largest size is one; its message is refused, not its frame."""
        with CLUB.client() as client:
            sized = envelope(payload=b"")
            room = 65536 - len(sized) - 4
            data = envelope(payload=b"\x0a" * room)
            self.assertLessEqual(len(data), 65536)
            client.waiting[1] = frames.SHORT["Award"]
            client.send_bytes(framed(data))
            self.assertEqual(client.receive()[1].error.code,
                             frames.common.CODE_INVALID_ARGUMENT)


class Alpn(unittest.TestCase):
    def check_closed(self, alpn):
        context = frames.tls_context(CLUB.world.tls, "till", alpn)
        try:
            client = frames.Client(CLUB.daemons[0].port, context, timeout_s=5)
            self.assertEqual(client.socket.recv(100), b"")
        except (OSError, frames.Closed) as error:
            self.assertNotIsInstance(error, TimeoutError)

    def test_none(self):
        self.check_closed(None)

    def test_another(self):
        self.check_closed("http/1.1")

    def test_no_tls_at_all(self):
        with socket.create_connection(("127.0.0.1", CLUB.daemons[0].port), timeout=8) as link:
            link.sendall(framed(envelope()))
            try:
                while link.recv(100):  # an alert may come
                    pass
            except ConnectionError:
                pass


class _Anything(dict):
    """Any correlation id is awaited."""

    def pop(self, key, *default):
        return frames.SHORT["Award"]


if __name__ == "__main__":
    scene.run_tests(CLUB)
