#!/usr/bin/python3
"""How `loyaltyctl backup` and `restore` end when they are stopped, when Redis dies or refuses, and
with a log that does not hold: nothing is left behind, no password is on a command line, and what is
kept says what it is.
"""

import fcntl
import json
import os
import signal
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world

SCENE = scene.Scene(repl_diskless_sync_delay="0")
PHONE = frames.common.IDENTIFIER_KIND_PHONE
KEEPER = ("+psync", "+sync", "+replconf", "+ping", "+info", "+get")


def folder(name):
    return f"{SCENE.world.folder}/{name}"


def ctl(*arguments, check=True):
    return SCENE.world.ctl(*arguments, check=check)


def backup(redis, to, *more, check=True):
    return ctl("backup", "--redis", f"unix:{redis.path}", "--to", to, *more, check=check)


def only_backup(to):
    (name,) = os.listdir(to)
    assert not name.endswith(".part"), name
    return f"{to}/{name}"


def begin(*arguments):
    """In a process group of its own, as a shell begins what Ctrl-C is for."""
    return subprocess.Popen([f"{frames.BIN}/loyaltyctl", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, process_group=0)


def replicas(redis):
    return int(redis.command("INFO", "replication").decode().split("connected_slaves:")[1]
               .split()[0])


def command_lines():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                yield file.read()
        except OSError:
            pass  # it has ended


def children_of(child):
    with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="ascii") as file:
        return file.read().split()


def account_key(redis, member):
    return next(key for partition in range(16)
                for key in redis.command("KEYS", f"ly:{{{partition}}}:a:{member}"))


class Amid(unittest.TestCase):
    """A copy that does not come: a Redis that waits for more replicas before it sends anything."""

    @classmethod
    def setUpClass(cls):
        SCENE.enrol("a-1")

    def setUp(self):
        SCENE.redis.command("CONFIG", "SET", "repl-diskless-sync", "yes")
        SCENE.redis.command("CONFIG", "SET", "repl-diskless-sync-delay", "1000")
        self.addCleanup(SCENE.redis.command, "CONFIG", "SET", "repl-diskless-sync-delay", "0")

    def begin(self, to):
        child = begin("backup", "--redis", f"unix:{SCENE.redis.path}", "--to", to)
        world.wait_for(lambda: replicas(SCENE.redis) == 1, "redis-cli to be a replica")
        return child

    def test_stopped(self):
        for name, number in (("int", signal.SIGINT), ("term", signal.SIGTERM)):
            child = self.begin(folder(name))
            os.killpg(child.pid, number)
            _, errors = child.communicate(timeout=world.WAIT_S)
            self.assertEqual(child.returncode, 1, errors)
            self.assertIn("stopped before all was copied", errors)
            self.assertEqual(os.listdir(folder(name)), [])
            world.wait_for(lambda: replicas(SCENE.redis) == 0, "redis-cli to be gone")

    def test_killed_redis_cli_goes_too_and_the_next_backup_clears_up(self):
        to = folder("left")
        child = self.begin(to)
        child.kill()
        child.communicate(timeout=world.WAIT_S)
        world.wait_for(lambda: replicas(SCENE.redis) == 0, "redis-cli to be gone")
        self.assertEqual([name[-5:] for name in os.listdir(to)], [".part"])
        os.mkdir(f"{to}/2020-01-01T00-00-00Z.part")
        at_work = os.open(f"{to}/2020-01-01T00-00-00Z.part", os.O_RDONLY)
        fcntl.flock(at_work, fcntl.LOCK_EX)  # as who makes one has it
        SCENE.redis.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        backup(SCENE.redis, to)
        names = sorted(os.listdir(to))
        self.assertEqual(names[0], "2020-01-01T00-00-00Z.part")
        self.assertEqual(len(names), 2)
        os.rename(f"{to}/{names[1]}", f"{to}/2020-01-02T00-00-00Z")
        os.close(at_work)
        backup(SCENE.redis, to, "--keep", "1")
        only_backup(to)

    def test_a_redis_that_dies(self):
        redis = world.Redis(folder("mortal"), repl_diskless_sync="yes",
                            repl_diskless_sync_delay="1000")
        redis.command("SET", "ly:{meta}:partitions", "16")
        child = begin("backup", "--redis", f"unix:{redis.path}", "--to", folder("of-mortal"))
        world.wait_for(lambda: replicas(redis) == 1, "redis-cli to be a replica")
        redis.kill_now()
        _, errors = child.communicate(timeout=world.WAIT_S)
        self.assertEqual(child.returncode, 1, errors)
        self.assertEqual(os.listdir(folder("of-mortal")), [])


class Restoring(unittest.TestCase):
    def test_stopped_at_any_time(self):
        SCENE.enrol("r-1")
        backup(SCENE.redis, folder("for-restore"))
        source = only_backup(folder("for-restore"))
        for step in range(1, 6):
            redis = world.Redis(folder(f"target-{step}"))
            redis.command("CONFIG", "SET", "masterauth", "as before")
            child = begin("restore", "--redis", f"unix:{redis.path}", "--from", source)
            servers = []
            try:
                child.wait(0.1 * step)
            except subprocess.TimeoutExpired:
                servers = children_of(child)
                os.killpg(child.pid, signal.SIGINT)
            _, errors = child.communicate(timeout=world.WAIT_S)
            if child.returncode != 0:
                self.assertIn("stopped", errors)
            if child.returncode != 0 and redis.command("DBSIZE") != 0:
                self.assertIn("serve nothing from it", errors)
            self.assertEqual(redis.command("ROLE")[0], b"master")
            self.assertEqual(redis.command("CONFIG", "GET", "masterauth")[1], b"as before")
            self.assertFalse([pid for pid in servers if os.path.exists(f"/proc/{pid}")])
            redis.stop()

    def test_no_password_is_on_a_command_line(self):
        SCENE.enrol("r-2")
        backup(SCENE.redis, folder("for-secret"))
        redis = world.Redis(folder("secret"))
        redis.command("CONFIG", "SET", "masteruser", "somebody")  # whom the copy does not know
        child = begin("restore", "--redis", f"unix:{redis.path}", "--from",
                      only_backup(folder("for-secret")))
        seen = set()
        while child.poll() is None:
            seen.update(command_lines())
        _, errors = child.communicate(timeout=world.WAIT_S)
        self.assertEqual(child.returncode, 0, errors)
        self.assertTrue(any(b"loyalty-ledger" in line for line in seen))
        self.assertFalse([line for line in seen if b"redis-server" in line and b"pass" in line])
        self.assertEqual(redis.command("CONFIG", "GET", "masteruser")[1], b"somebody")
        redis.stop()


class Allowed(unittest.TestCase):
    def test_a_user_who_may_copy_and_no_more(self):
        with open(folder("word"), "w", encoding="ascii") as file:
            file.write("sesame\n")
        line = ("--redis-user", "keeper", "--redis-password-file", folder("word"))
        SCENE.redis.command("ACL", "SETUSER", "keeper", "on", ">sesame", "~*", "-@all",
                            *[word for word in KEEPER if "sync" not in word])
        out = backup(SCENE.redis, folder("not allowed"), *line, check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("+psync +sync +replconf", out.stderr)
        self.assertEqual(os.listdir(folder("not allowed")), [])
        SCENE.redis.command("ACL", "SETUSER", "keeper", *KEEPER)
        backup(SCENE.redis, folder("allowed, with spaces"), *line)
        ctl("backup", "check", only_backup(folder("allowed, with spaces")))
        out = backup(SCENE.redis, folder("no word"), "--redis-user", "keeper", check=False)
        self.assertIn("needs its password", out.stderr)

    def test_a_path_that_is_too_long(self):
        out = backup(SCENE.redis, folder("x" * 2100), check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("File name too long", out.stderr)

    def test_a_replica_that_has_lost_its_master(self):
        redis = world.Redis(folder("lost"))
        redis.command("SET", "ly:{meta}:partitions", "16")
        redis.command("REPLICAOF", "127.0.0.1", "1")
        out = backup(redis, folder("of-lost"), check=False)
        self.assertIn("copy from the master", out.stderr)
        redis.stop()


class Faults(unittest.TestCase):
    """A frozen account stays as it is for ever: backups go on."""

    @classmethod
    def setUpClass(cls):
        SCENE.enrol("f-1", "f-2")

    def setUp(self):
        self.to = folder(f"faults-{self._testMethodName}")
        backup(SCENE.redis, self.to)
        self.good = only_backup(self.to)
        self.redis = world.Redis(folder(f"redis-{self._testMethodName}"))
        self.addCleanup(self.redis.stop)
        ctl("restore", "--redis", f"unix:{self.redis.path}", "--from", self.good)

    def test_a_copy_with_a_fault_is_kept_when_that_is_said(self):
        key = account_key(self.redis, "f-1")
        log = bytearray(self.redis.command("GET", key))
        log[len(log) // 2] ^= 1
        self.redis.command("SET", key, bytes(log))
        out = backup(self.redis, folder("refused"), check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("--with-faults", out.stderr)
        self.assertEqual(os.listdir(folder("refused")), [])
        to = folder("with-faults")
        os.mkdir(to)
        os.rename(self.good, f"{to}/2020-01-01T00-00-00Z")
        said = json.loads(ctl("-o", "json", "backup", "--redis", f"unix:{self.redis.path}", "--to",
                              to, "--keep", "1", "--with-faults").stdout)
        self.assertEqual(said["faults"], 1)
        self.assertEqual(len(os.listdir(to)), 2)  # the good one stays
        ctl("backup", "check", said["folder"])
        again = world.Redis(folder("again"))
        ctl("restore", "--redis", f"unix:{again.path}", "--from", said["folder"])
        self.assertEqual(again.command("GET", key), bytes(log))
        again.stop()

    def test_an_account_that_is_no_plain_value(self):
        key = account_key(self.redis, "f-2")
        self.redis.command("DEL", key)
        self.redis.command("RPUSH", key, "log")
        out = backup(self.redis, folder("list"), check=False)
        self.assertIn("it is no plain value", out.stderr)

    def test_a_partition_that_is_none(self):
        self.redis.command("SET", "ly:{999}:i:00", "f-1")
        out = backup(self.redis, folder("beyond"), check=False)
        self.assertIn("no such partition", out.stderr)


class Claims(unittest.TestCase):
    def test_an_identifier_that_finds_another_is_said_and_copied(self):
        request = frames.enrol_request("c-1", scene.now_ms())
        request.identifiers.add(kind=PHONE, value="+8613800000000")
        with SCENE.client("backend") as client:
            client.ask("Enroll", request)
        self.assertNotIn("another member", backup(SCENE.redis, folder("claims")).stderr)
        (key,) = [key for partition in range(16)
                  for key in SCENE.redis.command("KEYS", f"ly:{{{partition}}}:i:*")]
        self.assertEqual(SCENE.redis.command("GET", key), b"c-1")
        SCENE.redis.command("SET", key, "c-2")
        out = backup(SCENE.redis, folder("claims taken"))
        self.assertIn("1 identifiers of members find another member", out.stderr)
        SCENE.redis.command("SET", key, "c-1")


if __name__ == "__main__":
    scene.run_tests(SCENE)
