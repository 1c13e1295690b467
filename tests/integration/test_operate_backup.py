#!/usr/bin/python3
"""`loyaltyctl backup` and `restore`: a copy taken amid awards, redemptions, enrolments and merges
by two daemons is of one instant, and proves to the last record where it was restored; what is
damaged, half made or not empty is refused; who is killed on the way leaves nothing that looks
whole.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from scene import now_ms

SCENE = scene.Scene(daemons=2, repl_diskless_sync_delay="0")
PARTITIONS = 16
FIRST = [f"m-{number}" for number in range(40)]


def folder(name):
    return f"{SCENE.world.folder}/{name}"


def ctl(*arguments, check=True, environment=None):
    return SCENE.world.ctl(*arguments, check=check, environment=environment)


def backup(to, *more, check=True):
    return ctl("backup", "--redis", f"unix:{SCENE.redis.path}", "--to", to, *more, check=check)


def only_backup(to):
    names = os.listdir(to)
    assert len(names) == 1 and not names[0].endswith(".part"), names
    return f"{to}/{names[0]}"


def empty_redis(name, **settings):
    return world.Redis(folder(name), **settings)


def restore(redis, source, *more, check=True):
    return ctl("restore", "--redis", f"unix:{redis.path}", "--from", source, *more, check=check)


def private_servers():
    """redis-servers over a copy; ours here have --unixsocket first."""
    found = subprocess.run(["pgrep", "-f", "loyalty-ledger"], capture_output=True, text=True,
                           check=False)
    return found.stdout.split()


class Traffic:
    """Members who buy and spend, new ones, and some who turn out to be two: until it is stopped.
    Each request is kept, with its id, to be asked again."""

    def __init__(self):
        self.asked = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(2)]
        for thread in self.threads:
            thread.start()

    def ask(self, client, role, method, request):
        self.asked.append((role, method, request))
        reply = client.call(method, request)
        assert reply.error is None or reply.error.code == frames.common.CODE_FAILED_PRECONDITION, \
            (method, reply.error)

    def run(self, number):
        turn = 0
        with SCENE.client("till", number) as till, SCENE.client("backend", number) as backend, \
                SCENE.client("admin", number) as admin:
            while not self.over.is_set():
                turn += 1
                member = FIRST[turn * (number + 3) % len(FIRST)]
                self.ask(till, "till", "Award", frames.award_request(member, 100_00 + turn,
                                                                     now_ms()))
                if turn % 3 == 0:
                    self.ask(till, "till", "Redeem", frames.redeem_request(member, 7, now_ms()))
                if turn % 10 == 0:
                    names = [f"n-{number}-{turn}-{part}" for part in "ab"]
                    for name in names:
                        self.ask(backend, "backend", "Enroll",
                                 frames.enrol_request(name, now_ms()))
                    self.ask(till, "till", "Award", frames.award_request(names[0], 50_00,
                                                                         now_ms()))
                    self.ask(admin, "admin", "Merge", merge_request(*names))

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def merge_request(source, target):
    return frames.members.MergeRequest(
        mutation=frames.mutation(frames.new_id(), now_ms()), reason="one person",
        member=frames.member_ref(source), into=frames.member_ref(target))


def logs(redis):
    keys = [key for number in range(PARTITIONS)
            for key in redis.command("KEYS", f"ly:{{{number}}}:a:*")]
    return {key: redis.command("GET", key) for key in keys}


class AmidTraffic(unittest.TestCase):
    def test_a_copy_is_of_one_instant_and_goes_on_from_there(self):
        SCENE.enrol(*FIRST)
        traffic = Traffic()
        world.wait_for(lambda: len(traffic.asked) > 300, "some traffic")
        asked_before = len(traffic.asked)
        to = folder("copies")
        said = json.loads(ctl("-o", "json", "backup", "--redis", f"unix:{SCENE.redis.path}",
                              "--to", to).stdout)
        world.wait_for(lambda: len(traffic.asked) > asked_before + 300, "traffic behind it")
        traffic.stop()
        source = only_backup(to)
        self.assertEqual(source, said["folder"])
        redis = empty_redis("restored")
        out = restore(redis, source)
        self.assertIn("to the last record", out.stderr)
        self.compare_logs(redis)
        redis.kill_now()  # what was said to be restored is on disk
        redis = empty_redis("restored")
        daemon = SCENE.start_daemon("restored", path=redis.path)
        daemon.wait_ready()
        totals = SCENE.world.totals(daemon)
        self.assertEqual(totals["balance"], said["balance"])
        self.ask_again(daemon, traffic)
        live, again = SCENE.totals(), SCENE.world.totals(daemon)
        for name in ("accounts", "points_awarded", "balance", "score_given"):
            self.assertEqual(again[name], live[name], name)
        self.assertEqual(daemon.stop(), 0)
        redis.stop()

    def compare_logs(self, redis):
        """Each log is what the live one began with; and who brought something into another log
        did so there too, or has it still open: totals would differ after asking again."""
        live, copied = logs(SCENE.redis), logs(redis)
        self.assertGreater(len(live), len(copied))  # members were enrolled behind it
        for key, log in copied.items():
            self.assertTrue(live[key].startswith(log), key)
        self.assertTrue(any(len(live[key]) > len(log) for key, log in copied.items()))

    def ask_again(self, daemon, traffic):
        clients = {role: daemon.client(role) for role in ("till", "backend", "admin")}
        for role, method, request in traffic.asked:
            reply = clients[role].call(method, request)
            assert reply.error is None or \
                reply.error.code == frames.common.CODE_FAILED_PRECONDITION, (method, reply.error)
        for client in clients.values():
            client.close()


class Refused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        SCENE.enrol("r-1", "r-2")
        backup(folder("good"))
        cls.good = only_backup(folder("good"))

    def copy(self, name):
        shutil.copytree(self.good, folder(name))
        return folder(name)

    def refused(self, source, words):
        out = ctl("backup", "check", source, check=False)
        self.assertEqual(out.returncode, 1, out.stdout)
        self.assertIn(words, out.stderr)
        redis = empty_redis("untouched")
        out = restore(redis, source, check=False)
        self.assertEqual(out.returncode, 1, out.stdout)
        self.assertIn(words, out.stderr)
        self.assertEqual(redis.command("DBSIZE"), 0)
        redis.stop()

    def test_the_good_one_is_not(self):
        self.assertIn("digest", ctl("backup", "check", self.good).stdout)

    def test_a_flipped_byte(self):
        source = self.copy("flipped")
        with open(f"{source}/ledger.rdb", "r+b") as file:
            file.seek(os.path.getsize(file.name) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        self.refused(source, "it is damaged")

    def test_a_file_cut_short(self):
        source = self.copy("short")
        os.truncate(f"{source}/ledger.rdb", os.path.getsize(f"{source}/ledger.rdb") - 1)
        self.refused(source, "it is damaged")

    def test_a_manifest_that_says_otherwise(self):
        for field, words in (("records", "the manifest says"), ("digest", "the digest of"),
                             ("format", "no manifest of this version's")):
            source = self.copy(f"said-{field}")
            with open(f"{source}/manifest.json", encoding="utf-8") as file:
                said = json.load(file)
            said[field] = "0" * 64 if field == "digest" else said[field] + 1
            with open(f"{source}/manifest.json", "w", encoding="utf-8") as file:
                json.dump(said, file)
            self.refused(source, words)

    def test_no_manifest(self):
        source = self.copy("none")
        os.unlink(f"{source}/manifest.json")
        self.refused(source, "a folder without it is no backup")

    def test_a_log_that_was_changed_before_it_was_copied(self):
        redis = empty_redis("forged")
        restore(redis, self.good)
        key = next(iter(logs(redis)))
        log = bytearray(redis.command("GET", key))
        log[len(log) // 2] ^= 1
        redis.command("SET", key, bytes(log))
        out = ctl("backup", "--redis", f"unix:{redis.path}", "--to", folder("forged-copy"),
                  check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("fault: ", out.stderr)
        self.assertEqual(os.listdir(folder("forged-copy")), [])
        redis.stop()

    def test_a_redis_that_is_not_empty(self):
        redis = empty_redis("full", enable_debug_command="yes")
        redis.command("SET", "somebody's", "data")
        before = redis.command("DEBUG", "DIGEST")
        out = restore(redis, self.good, check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("is not empty: it has 1 keys", out.stderr)
        self.assertEqual(redis.command("DEBUG", "DIGEST"), before)
        out = ctl("backup", "--redis", f"unix:{redis.path}", "--to", folder("no-ledger"),
                  check=False)
        self.assertIn("there is no ledger in this Redis", out.stderr)
        redis.stop()

    def test_passwords(self):
        redis = empty_redis("locked")
        redis.command("CONFIG", "SET", "requirepass", "open sesame")
        for name, word in (("right", "open sesame"), ("wrong", "open barley")):
            with open(folder(name), "w", encoding="ascii") as file:
                file.write(f"{word}\n")
        out = restore(redis, self.good, "--redis-password-file", folder("wrong"), check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("WRONGPASS", out.stderr)
        restore(redis, self.good, "--redis-password-file", folder("right"))
        ctl("backup", "--redis", f"unix:{redis.path}", "--to", folder("locked-copy"),
            "--redis-password-file", folder("right"))
        only_backup(folder("locked-copy"))
        redis.stop()

    def test_nobody_there(self):
        out = ctl("backup", "--redis", "unix:/nowhere", "--to", folder("nobody"), check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn("No such file", out.stderr)

    def test_a_full_disk(self):
        line = [f"{frames.BIN}/loyaltyctl", "backup", "--redis", f"unix:{SCENE.redis.path}", "--to",
                folder("small")]
        out = subprocess.run(line, capture_output=True, text=True, check=False,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                   (1000, 1000)))
        self.assertEqual(out.returncode, 1, out.stderr)
        self.assertEqual(os.listdir(folder("small")), [])


class Killed(unittest.TestCase):
    def kill_after(self, seconds, *arguments):
        with subprocess.Popen([f"{frames.BIN}/loyaltyctl", *arguments], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)
        world.wait_for(lambda: not private_servers(), "private servers to be gone")

    def test_a_backup_at_any_time(self):
        to = folder("killed")
        os.mkdir(to)
        for step in range(8):
            self.kill_after(0.02 + 0.07 * step, "backup", "--redis", f"unix:{SCENE.redis.path}",
                            "--to", to)
            for name in os.listdir(to):
                if name.endswith(".part"):
                    shutil.rmtree(f"{to}/{name}")
                else:
                    ctl("backup", "check", f"{to}/{name}")
            time.sleep(1.1)  # folders are named by the second

    def test_a_restore_at_any_time(self):
        SCENE.enrol("k-1")
        backup(folder("for-killed"))
        source = only_backup(folder("for-killed"))
        for step in range(4):
            redis = empty_redis(f"killed-{step}")
            self.kill_after(0.1 + 0.1 * step, "restore", "--redis", f"unix:{redis.path}",
                            "--from", source)
            if redis.command("DBSIZE") > 0 and redis.command("ROLE")[0] != b"master":
                daemon = SCENE.start_daemon("too-early", path=redis.path)
                world.wait_for(lambda d=daemon: "must be master" in d.output() or
                               "role" in d.output(), "the daemon to refuse it")
                daemon.kill()
            redis.command("REPLICAOF", "NO", "ONE")
            redis.command("FLUSHALL")
            redis.command("FUNCTION", "FLUSH")
            restore(redis, source)  # and once more, to its end
            redis.stop()


class Kept(unittest.TestCase):
    def test_older_ones_go(self):
        to = folder("kept")
        for _ in range(3):
            backup(to, "--keep", "2")
            time.sleep(1.1)  # folders are named by the second
        names = sorted(os.listdir(to))
        self.assertEqual(len(names), 2)
        for name in names:
            ctl("backup", "check", f"{to}/{name}")
        self.assertEqual(os.stat(to).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(f"{to}/{names[0]}/ledger.rdb").st_mode & 0o777, 0o600)


if __name__ == "__main__":
    scene.run_tests(SCENE)
