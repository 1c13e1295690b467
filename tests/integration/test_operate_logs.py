#!/usr/bin/python3
"""Log lines: each has the one form and is in doc/logs.md; each refusal is one line with its reason;
no member, card, phone or name is in any; they are bounded in number; slow requests are told with
their trace; and the journal gets fields.
"""

import contextlib
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

import support  # noqa: F401 (finds the rest)
import frames
import rpc
import scene
import world
from scene import now_ms

LINE = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (debug|info|warning|error) '
                  r'([a-z-]+)((?: [a-z_]+=(?:"[^"]*"|[^ "=]*))*)')
PAIR = re.compile(r' ([a-z_]+)=(?:"([^"]*)"|([^ "=]*))')
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
JOURNAL = "/run/systemd/journal/socket"

SCENE = None


def parse(text):
    """[(level, event, {key: value})]; every line must have the form."""
    lines = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        pairs = {key: quoted or plain for key, quoted, plain in PAIR.findall(match.group(4))}
        lines.append((match.group(2), match.group(3), pairs))
    return lines


def documented():
    with open(f"{frames.SOURCE}/doc/logs.md", encoding="utf-8") as file:
        rows = re.findall(r"^\| (`.*`) \| (\w+) \|", file.read(), re.M)
    return {event: level for names, level in rows for event in re.findall(r"`([a-z-]+)`", names)}


@contextlib.contextmanager
def held_up(redis=None):
    """Redis stands still for a moment: what is asked meanwhile is slow."""
    redis = redis or SCENE.redis
    redis.pause()
    timer = threading.Timer(0.3, redis.go_on)
    timer.start()
    yield
    timer.join()


class Lines(unittest.TestCase):
    def test_every_event_is_documented(self):
        found = set()
        for folder, _, names in os.walk(f"{frames.SOURCE}/daemon"):
            for name in names:
                if name.endswith(".c"):
                    with open(f"{folder}/{name}", encoding="utf-8") as file:
                        text = file.read()
                    for call in re.findall(r"log_event\((.*?)\);", text, re.S):
                        if not name.startswith("log."):
                            found |= set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', call)[:2])
                    found |= set(re.findall(r'\.event = "([a-z-]+)"', text))
        known = set(documented())
        self.assertEqual({event for event in found if event not in known and "-" in event}, set())
        self.assertEqual(known - found - {"lines-left-out"}, set())

    def test_they_have_the_form_and_their_level(self):
        levels = documented()
        for level, event, _ in parse(SCENE.daemons[0].output()):
            self.assertEqual(levels[event], level, event)

    def test_nobody_is_named(self):
        SCENE.world.ctl("member", "enroll", "zz-secret-member", "--phone", "+8613912345678",
                        daemon=SCENE.daemons[0])
        with SCENE.client("till") as till:
            for amount in (100, 1000, -5):
                till.call("Award", frames.award_request("zz-secret-member", amount, now_ms()))
            till.call("Redeem", frames.redeem_request("zz-secret-member", 10**6, now_ms()))
            with held_up():
                till.call("Award", frames.award_request("zz-secret-member", 100, now_ms()))
        lines = world.wait_for(lambda: [line for line in parse(SCENE.daemons[0].output())
                                        if "member_hash" in line[2]], "a slow request")
        text = SCENE.daemons[0].output()
        for word in ("zz-secret", "13912345678"):
            self.assertNotIn(word, text)
        hashes = {pairs["member_hash"] for _, _, pairs in lines}
        for name in hashes:
            self.assertRegex(name, "^[0-9a-f]{16}$")


class Refusals(unittest.TestCase):
    """Each provoked once; its line, and that there is one."""

    def refused(self, act, pattern):
        daemon = SCENE.daemons[0]
        before = len(parse(daemon.output()))
        try:
            act()
        except (OSError, ssl.SSLError, frames.Closed):
            pass

        def mine():
            return [line for line in parse(daemon.output())[before:]
                    if line[1] in ("connection-refused", "connection-broken")]

        lines = world.wait_for(mine, f"a line like {pattern}")
        time.sleep(0.05)  # a second one would come at once
        lines = mine()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0][2]["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertRegex(lines[0][2]["reason"], pattern)

    def connect(self, context):
        with socket.create_connection(("127.0.0.1", SCENE.daemons[0].port), timeout=20) as raw, \
                context.wrap_socket(raw, server_hostname="127.0.0.1") as link:
            link.settimeout(20)
            link.recv(1)

    def as_(self, name):
        return lambda: self.connect(frames.tls_context(SCENE.world.tls, name))

    def test_bytes_that_are_no_tls(self):
        def act():
            with socket.create_connection(("127.0.0.1", SCENE.daemons[0].port)) as link:
                link.sendall(b"GET / HTTP/1.1\r\n\r\n")
                link.settimeout(20)
                while link.recv(100):
                    pass
        self.refused(act, r"(?i)http|version|record")

    def test_no_certificate(self):
        context = ssl.create_default_context(cafile=f"{SCENE.world.tls}/ca.pem")
        context.set_alpn_protocols(["loyalty/1"])
        self.refused(lambda: self.connect(context), "did not return a certificate")

    def test_an_expired_one(self):
        SCENE.world.certificate("late", "pos/store-1/till-1", "--days", "-1")
        self.refused(self.as_("late"), "expired")

    def test_another_trust_domain(self):
        SCENE.world.ctl("cert", "issue", SCENE.world.tls, "foreign", "--uri",
                        "spiffe://elsewhere.example/pos/store-1/till-1")
        self.refused(self.as_("foreign"), "(?i)trust domain|identity|SAN|URI")

    def test_another_authority(self):
        other = f"{SCENE.world.folder}/other"
        SCENE.world.ctl("cert", "ca", other)
        SCENE.world.ctl("cert", "issue", other, "till", "--uri",
                        "spiffe://vip.example/pos/store-1/till-1")
        context = frames.tls_context(SCENE.world.tls, "till")
        context = ssl.create_default_context(cafile=f"{SCENE.world.tls}/ca.pem")
        context.set_alpn_protocols(["loyalty/1"])
        context.load_cert_chain(f"{other}/till.pem", f"{other}/till.key")
        self.refused(lambda: self.connect(context), "(?i)unknown ca|unable to get|self.signed|"
                                                    "issuer|signature|verif")

    def test_no_protocol_of_ours(self):
        self.refused(lambda: self.connect(frames.tls_context(SCENE.world.tls, "till",
                                                             alpn="smtp")), "(?i)alpn|protocol")

    def test_a_frame_that_is_none(self):
        def act():
            with SCENE.client("till") as client:
                client.send_bytes(b"\0\0\0\0")
                client.receive()
        self.refused(act, "a frame of length 0")


class Bounded(unittest.TestCase):
    def test_many_of_a_kind_are_counted(self):
        own = scene.Scene(options=("--log-rate", "2"))
        tries = 60
        for _ in range(tries):
            with socket.create_connection(("127.0.0.1", own.daemons[0].port)) as link:
                link.sendall(b"nothing\r\n\r\n")
                link.settimeout(20)
                try:
                    while link.recv(100):
                        pass
                except ConnectionError:
                    pass

        def all_told():
            lines = parse(own.daemons[0].output())
            told = [pairs for _, event, pairs in lines if event == "connection-refused"]
            left = [pairs for _, event, pairs in lines
                    if event == "lines-left-out" and pairs["of"] == "connection-refused"]
            missing = sum(int(pairs.get("suppressed", 0)) for pairs in told + left)
            return (len(told), missing) if len(told) + missing == tries else None

        told, missing = world.wait_for(all_told, "all refusals to be told or counted")
        self.assertGreater(missing, 0)
        self.assertLess(told, tries)
        own.finish()


class Slow(unittest.TestCase):
    def test_with_its_trace(self):
        SCENE.enrol("s-1")
        with rpc.channel(SCENE.daemons[0], "till") as channel, held_up():
            rpc.stub(channel, "Award")(frames.award_request("s-1", 100_00, now_ms()), timeout=10,
                                       metadata=(("traceparent", TRACE),))
        lines = [pairs for _, event, pairs in parse(SCENE.daemons[0].output())
                 if event == "slow-request" and pairs.get("trace") == TRACE]
        self.assertEqual(len(lines), 1)
        self.assertEqual(lines[0]["method"], "/loyalty.v1.PointsService/Award")
        self.assertEqual(lines[0]["outcome"], "OK")
        self.assertGreater(int(lines[0]["micros"]), 100_000)
        listed = SCENE.world.ctl_json("top", "--once", daemon=SCENE.daemons[0])
        self.assertIn("s-1", str(listed))


class Journal(unittest.TestCase):
    """A socket where the journal's would be, in a mount namespace of our own."""

    def test_fields(self):
        if os.geteuid() != 0 or not os.path.isdir("/run"):
            self.skipTest("only root may mount")
        with tempfile.TemporaryDirectory(prefix="loyalty-journal-") as folder:
            run = subprocess.run(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                 f'mount -t tmpfs none /run && mkdir -p {os.path.dirname(JOURNAL)} && '
                 f'exec {sys.executable} "{__file__}" --inside "{folder}"'],
                capture_output=True, text=True, check=False, timeout=120)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


def native(data):
    """The journal's own protocol: FIELD=value, or FIELD, its length and the value."""
    fields = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, text = line.partition(b"=")
        if not equals:
            length, = struct.unpack("<Q", data[:8])
            text, data = data[8:8 + length], data[9 + length:]
        fields[name.decode()] = text.decode()
    return fields


def inside(folder):
    """Runs where JOURNAL is ours; nothing else is looked at there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(JOURNAL)
        journal.settimeout(30)
        own = scene.Scene(options=("--log-target", "journal", "--slow-ms", "1"))
        with rpc.channel(own.daemons[0], "till") as channel, held_up(own.redis):
            with contextlib.suppress(grpc.RpcError):  # refused or not, it is slow
                rpc.stub(channel, "Award")(frames.award_request("nobody", 1, now_ms()), timeout=10,
                                           metadata=(("traceparent", TRACE),))
        seen = []
        while not any("TRACE_ID" in fields for fields in seen):
            seen.append(native(journal.recv(1 << 16)))
        slow = seen[-1]
        ready = next(fields for fields in seen if fields["LOYALTY_EVENT"] == "ready")
        assert ready["PRIORITY"] == "6" and ready["SYSLOG_IDENTIFIER"] == "loyaltyd", ready
        assert ready["ADDRESS"] == "127.0.0.1" and int(ready["PORT"]) > 0, ready
        assert ready["MESSAGE"].startswith("ready address=127.0.0.1 port="), ready
        assert slow["TRACE_ID"] == TRACE.split("-")[1] and slow["PRIORITY"] == "4", slow
        assert slow["METHOD"] == "/loyalty.v1.PointsService/Award", slow
        assert parse(own.daemons[0].output()) == [], "lines on stderr too"
        own.finish()
        print(f"{len(seen)} lines, in {folder} none")


if __name__ == "__main__":
    if "--inside" in sys.argv:
        inside(sys.argv[-1])
        sys.exit(0)
    SCENE = scene.Scene(options=("--slow-ms", "1"))
    scene.run_tests(SCENE)
