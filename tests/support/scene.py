"""A club that is open: a redis-server, one daemon or more on it, retail.yaml in force, clients by
role. What most integration tests begin with.
"""

import os
import sys
import time
import unittest

import frames
import world

SERVES = frames.common.CODE_UNSPECIFIED
UNAVAILABLE = frames.common.CODE_UNAVAILABLE
OPEN_OUTCOMES = (frames.common.CODE_UNKNOWN, frames.common.CODE_DEADLINE_EXCEEDED)


def now_ms():
    return time.time_ns() // 1_000_000


def code(reply):
    return reply.error.code if reply.error is not None else SERVES


def must(reply, what=""):
    """The message of an answer that is yes."""
    assert reply.error is None, f"{what}: {reply.error}"
    return reply.message


class Scene:
    """`daemons` of them share one Redis. Closed clients are opened anew when asked for."""

    def __init__(self, daemons=1, options=(), publish=True, **redis_settings):
        self.world = world.World()
        self.options = options
        self.key = f"{self.world.folder}/identifier.key"
        with open(self.key, "w", encoding="ascii") as file:
            file.write(os.urandom(32).hex() + "\n")
        self.redis_settings = {"enable-debug-command": "yes", **redis_settings}
        self.redis = self.start_redis()
        self.daemons = [self.start_daemon(f"daemon-{i}") for i in range(daemons)]
        for daemon in self.daemons:
            daemon.wait_ready()
        if publish:
            self.world.publish(self.daemons[0])
            for daemon in self.daemons:
                world.wait_for(lambda d=daemon: self.knows_program(d), "the program to be known")

    def start_daemon(self, name, *more, path=None, **how):
        return self.world.daemon(name, "--redis", f"unix:{path or self.redis.path}",
                                 "--identifier-key-file", self.key, "--partitions", "16",
                                 *self.options, *more, **how)

    def start_redis(self, wait=True):
        return self.world.redis(wait=wait, **self.redis_settings)

    def restart_redis(self):
        self.redis = self.start_redis()

    @staticmethod
    def knows_program(daemon):
        with daemon.client("admin") as client:
            reply = client.call("GetProgram", frames.programs.GetProgramRequest())
            return reply.error is None and reply.message.version > 0

    def client(self, name="till", daemon=0):
        return self.daemons[daemon].client(name)

    def enrol(self, *members):
        with self.client("backend") as client:
            for member in members:
                client.ask("Enroll", frames.enrol_request(member, now_ms()))

    def get(self, member, daemon=0):
        with self.client("backend", daemon) as client:
            return client.ask("GetMember", frames.get_member_request(member))

    def digest(self):
        """Of everything stored: equal when nothing has changed."""
        return self.redis.command("DEBUG", "DIGEST")

    def totals(self, daemon=0):
        return self.world.totals(self.daemons[daemon])

    def finish(self):
        """Ends all in an orderly way; every daemon must have lived and ended well."""
        for daemon in self.daemons:
            code_of_exit = daemon.stop()
            output = daemon.output()
            bad = [word for word in ("Sanitizer", "runtime error", "CHECK") if word in output]
            assert code_of_exit == 0 and not bad, output
        self.redis.stop()


def run_tests(*scenes):
    """The test module's cases, then the end of its scenes; the exit code of both."""
    program = unittest.main(module="__main__", exit=False)
    for each in scenes:
        each.finish()
    sys.exit(0 if program.result.wasSuccessful() else 1)
