#!/usr/bin/python3
"""A new version without one failed call. This process keeps the listening socket and hands it to
each daemon; the successor serves before the old one is asked to end, which lets its clients go in
good order and exits with 0. The clients do not try again: a call that fails, fails the test.

Short: 500 calls a face through 5 restarts. LOYALTY_CALLS and LOYALTY_RESTARTS make it long.
"""

import fcntl
import os
import socket
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import grpc
import guest
import rpc
import scene
import world
from frames import common
from scene import now_ms

RESTARTS = int(os.environ.get("LOYALTY_RESTARTS", "5"))
CALLS = int(os.environ.get("LOYALTY_CALLS", "500"))
MEMBERS = [f"member-{i}" for i in range(50)]
IN_FLIGHT = 20
WAIT_S = 30
HEALTH = "/grpc.health.v1.Health/"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
OPEN_OR_LATER = (common.CODE_UNKNOWN, common.CODE_DEADLINE_EXCEEDED, common.CODE_UNAVAILABLE)
# Not even such as are safe: what was never sent, or was refused as never begun.
NO_RETRIES = (("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1))

SCENE = scene.Scene()
SCENE.enrol(*MEMBERS)


def end(daemon):
    """Asks it to end and sees it leave nothing and nobody behind."""
    code = daemon.stop()
    output = daemon.output()
    assert code == 0 and "Sanitizer" not in output and "runtime error" not in output, output
    assert "requests_left=0 connections_left=0" in output, output


class Door:
    """A listening socket that outlives the daemons behind it, each with a certificate of its own,
    by which a client sees whom it got."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        self.fd = fcntl.fcntl(self.socket, fcntl.F_DUPFD_CLOEXEC, 10)
        self.started = 0
        self.daemon = None
        self.script = f"{SCENE.world.folder}/{name}"
        with open(self.script, "w", encoding="ascii") as file:
            file.write('#!/bin/bash\nLISTEN_PID=$$ LISTEN_FDS=1 '
                       f'exec {frames.BIN}/loyaltyd "$@" 3<&{self.fd} {self.fd}<&-\n')
        os.chmod(self.script, 0o700)

    def close(self):
        end(self.daemon)
        self.socket.close()
        os.close(self.fd)

    def start(self):
        """A daemon more at this door, once it serves."""
        name = f"{self.name}-{self.started}"
        self.started += 1
        tls = SCENE.world.tls
        SCENE.world.ctl("cert", "issue", tls, name, "--server", "--ip", "127.0.0.1")
        daemon = SCENE.start_daemon(name, "--tls-cert", f"{tls}/{name}.pem",
                                    "--tls-key", f"{tls}/{name}.key", binary=self.script,
                                    sockets=(self.fd,))
        assert daemon.port == self.port, daemon.port
        world.wait_for(lambda: self.serves(daemon, name), f"{name} to serve")
        return daemon

    @staticmethod
    def serves(daemon, name):
        """Whether this one answers. Another may have taken the connection: then not."""
        with daemon.client() as client:
            certificate = client.socket.getpeercert()
            if dict(pair for each in certificate["subject"] for pair in each)["commonName"] != name:
                return False
            reply = client.call("GetProgram", frames.programs.GetProgramRequest())
            return reply.error is None and reply.message.version > 0

    def change(self):
        """The successor serves, then the old one ends."""
        old, self.daemon = self.daemon, self.start()
        if old is not None:
            end(old)


class GrpcFace:
    def __init__(self, port):
        del port  # that of the door's first daemon, which the channel is opened to
        self.channel = rpc.channel(DOORS["grpc"].daemon, "till", NO_RETRIES)
        self.stub = rpc.stub(self.channel, "Award")

    def award(self, request):
        return self.stub(request, timeout=WAIT_S)

    def close(self):
        self.channel.close()


def balances():
    return sum(SCENE.get(member).standing.balance for member in MEMBERS)


DOORS = {}


class Restarts(unittest.TestCase):
    def through_restarts(self, name, kind):
        before = balances()
        door = DOORS[name] = Door(name)
        door.change()
        self.addCleanup(door.close)
        till = guest.Till(kind(door.port), MEMBERS)
        till.start()
        for number in range(RESTARTS):
            till.wait_done(CALLS * (number + 1) // (RESTARTS + 1))
            door.change()
        till.wait_done(max(CALLS, till.done + 1))  # and one after the last change
        done = till.finish()
        self.assertEqual(balances() - before, done)
        print(f"{name}: {done} calls through {RESTARTS} restarts, none failed")
        return till

    def test_frames(self):
        till = self.through_restarts(
            "frames", lambda port: guest.FramesFace(port, SCENE.world.tls))
        self.assertEqual(till.face.connections, RESTARTS + 1)

    def test_grpc(self):
        self.through_restarts("grpc", GrpcFace)


class Ending(unittest.TestCase):
    """SIGTERM to a daemon on its own."""

    def setUp(self):
        self.daemon = SCENE.start_daemon(self.id().rsplit(".", 1)[1]).wait_ready()

    def test_calls_at_a_redis_that_stands_still(self):
        """Each is told, over both faces, that its outcome is open or that it was not executed."""
        asking = guest.Guest(self.daemon.port, SCENE.world.tls)
        channel = rpc.channel(self.daemon, "till", NO_RETRIES)
        award = rpc.stub(channel, "Award")
        for member in MEMBERS:  # now known to it, so that an award only writes
            asking.call("Award", frames.award_request(member, 100, now_ms()))
        SCENE.redis.pause()
        try:
            requests = [frames.award_request(MEMBERS[i], 100, now_ms()) for i in range(IN_FLIGHT)]
            for request in requests:
                asking.submit("Award", request)
            futures = [award.future(request, timeout=WAIT_S) for request in
                       [frames.award_request(member, 100, now_ms()) for member in MEMBERS]]
            world.wait_for(lambda: channel.unary_unary(f"{HEALTH}Check")(b"", timeout=WAIT_S),
                           "an answer behind them")
            self.daemon.child.terminate()
            codes = [scene.code(asking.receive()[1]) for _ in requests]
            codes += [future.exception().code().value[0] for future in futures]
            end(self.daemon)
        finally:
            SCENE.redis.go_on()
        self.assertEqual(len(codes), IN_FLIGHT + len(MEMBERS))
        self.assertLessEqual(set(codes), set(OPEN_OR_LATER))
        self.assertIn(common.CODE_UNKNOWN, codes)
        asking.close()
        channel.close()
        SCENE.daemons[0].wait_ready()

    def test_watched_health(self):
        """NOT_SERVING, then the stream's own end, before the connection goes."""
        with rpc.channel(self.daemon, "till", NO_RETRIES) as channel:
            told = channel.unary_stream(f"{HEALTH}Watch")(b"", timeout=WAIT_S)
            self.assertEqual(next(told), SERVING)
            self.daemon.child.terminate()
            self.assertEqual(next(told), NOT_SERVING)
            with self.assertRaises(grpc.RpcError) as caught:
                next(told)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertIn("grpc-status-details-bin", dict(caught.exception.trailing_metadata()))
            end(self.daemon)


if __name__ == "__main__":
    scene.run_tests(SCENE)
