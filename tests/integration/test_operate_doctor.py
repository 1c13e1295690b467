#!/usr/bin/python3
"""`loyaltyctl doctor` on a set-up that is well and on others that are really broken: each fault is
named by its code, with what to do; the exit code says whether there is one, or nobody to ask.
"""

import json
import os
import subprocess
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from scene import now_ms

CARD = "6200000000000018"
RULES = "identifiers:\n  - kind: CARD_NUMBER\n  - kind: PHONE\n"
kinds = frames.MODULES["common"] if "common" in frames.MODULES else frames.common


def make_scene():
    made = scene.Scene(publish=False)
    document = f"{made.world.folder}/cards.yaml"
    with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
        rules = file.read()
    with open(document, "w", encoding="utf-8") as file:
        file.write(rules + ("" if "\nidentifiers:" in rules else "\n" + RULES))
    made.world.ctl("program", "publish", document, "--effective-from", "1996-01-01T00:00:00Z",
                   daemon=made.daemons[0])
    world.wait_for(lambda: made.knows_program(made.daemons[0]), "the program to be known")
    made.enrol("anna", "bob", "carl")
    with made.client() as till:
        for member in ("anna", "bob", "carl"):
            scene.must(till.call("Award", frames.award_request(member, 10_000, now_ms())))
    return made


SCENE = make_scene()
WORLD = SCENE.world


def shown(title, run):
    print(f"\n--- loyaltyctl doctor: {title} (exit {run.returncode})\n{run.stdout}", flush=True)


def doctor(*more, daemon=None, title=None, tls=None):
    """The exit code, and the findings by code; printed for people where it has a title."""
    daemon = daemon or SCENE.daemons[0]
    line = [f"{WORLD.bin}/loyaltyctl", "--server", f"127.0.0.1:{daemon.port}", "--tls",
            tls or WORLD.tls]
    run = subprocess.run([*line, "-o", "json", "doctor", *more], capture_output=True, text=True,
                         check=False)
    report = json.loads(run.stdout)
    if title is not None:
        shown(title, subprocess.run([*line, "doctor", *more], capture_output=True, text=True,
                                    check=False))
    found = {}
    for finding in report["findings"]:
        found.setdefault(finding["code"], finding)
    return run.returncode, found, report


class Healthy(unittest.TestCase):
    def test_no_fault(self):
        code, found, report = doctor("--full", title="a healthy set-up")
        self.assertEqual((code, report["faults"], report["reachable"]), (0, 0, True), report)
        for name in ("SERVER_CERTIFICATE", "OUR_CERTIFICATE", "STORE_SETTINGS", "STORE_FILE",
                     "CERTIFICATE", "CLOCK_SKEW", "PROGRAM", "DUE_LAG", "JOBS", "INDEX"):
            self.assertEqual(found[name]["level"], "GOOD", found[name])
            self.assertEqual(found[name]["advice"], "")
        self.assertIn("3 accounts", found["INDEX"]["what"])

    def test_all_that_is_wrong_has_advice_and_stands_last(self):
        _, _, report = doctor()
        for finding in report["findings"]:
            self.assertEqual(finding["level"] == "GOOD", finding["advice"] == "", finding)
        lines = WORLD.ctl("doctor", daemon=SCENE.daemons[0]).stdout.splitlines()
        order = {"good": 0, "WARN": 1, "FAULT": 2}
        seen = [order[line.split()[0]] for line in lines if line.split()[0] in order]
        self.assertEqual(seen, sorted(seen))

    def test_not_for_tills(self):
        code, found, _ = doctor("--as", "till")
        self.assertEqual(code, 1)
        self.assertIn("admin", found["NOT_ANSWERED"]["advice"])


class Redis(unittest.TestCase):
    """Settings of the live Redis, and its end."""

    def tearDown(self):
        SCENE.daemons[0].wait_ready()

    def spoil(self, name, bad, good, code):
        SCENE.redis.command("CONFIG", "SET", name, bad)
        try:
            world.wait_for(lambda: doctor()[1].get(code), f"the doctor to see {name}")
            exit_code, found, _ = doctor(title=f"{name} {bad}")
        finally:
            SCENE.redis.command("CONFIG", "SET", name, good)
        self.assertEqual(exit_code, 1)
        self.assertEqual(found[code]["level"], "FAULT")
        self.assertIn(f"{name} is {bad}", found[code]["what"])
        self.assertIn(f"redis-cli -s {SCENE.redis.path} CONFIG SET {name} {good}",
                      found[code]["advice"])

    def test_fsync(self):
        self.spoil("appendfsync", "everysec", "always", "STORE_FSYNC")

    def test_policy(self):
        self.spoil("maxmemory-policy", "allkeys-lru", "noeviction", "STORE_MEMORY_POLICY")

    def test_killed(self):
        SCENE.redis.kill_now()
        try:
            world.wait_for(lambda: doctor()[1].get("STORE_UNREACHABLE"), "the doctor to miss it")
            exit_code, found, report = doctor(title="Redis killed")
        finally:
            SCENE.restart_redis()
        self.assertEqual((exit_code, report["reachable"]), (1, True))
        self.assertIn("systemctl status redis", found["STORE_UNREACHABLE"]["advice"])


class Index(unittest.TestCase):
    """What stands beside the logs, changed by hand."""

    @staticmethod
    def place_of(member):
        for partition in range(16):
            key = f"ly:{{{partition}}}:due"
            score = SCENE.redis.command("ZSCORE", key, member)
            if score is not None:
                return key, score
        raise AssertionError(f"{member} is nowhere")

    def test_due_instant_moved(self):
        key, score = self.place_of("bob")
        self.assertNotEqual(score, b"inf")
        SCENE.redis.command("ZADD", key, "+inf", "bob")
        try:
            exit_code, found, _ = doctor("--full", title="an entry of the due index moved by hand")
            self.assertEqual(exit_code, 1)
            self.assertIn("bob", found["INDEX_DUE"]["what"])
            self.assertIn("rescore run --full", found["INDEX_DUE"]["advice"])
            # The command that is advised, without quotes of the shell.
            words = found["INDEX_DUE"]["advice"].split("redis-cli ")[1].replace("'", "").split()
            SCENE.redis.command(*words)
            world.wait_for(lambda: SCENE.redis.command("ZSCORE", key, "bob") == score,
                           "the sweeper to set it right")
        finally:
            SCENE.redis.command("ZADD", key, score, "bob")
        self.assertEqual(doctor("--full")[0], 0)

    def test_due_entry_removed(self):
        """Whom the index has lost no walk meets; who is asked for by name is found out."""
        key, score = self.place_of("carl")
        SCENE.redis.command("ZREM", key, "carl")
        exit_code, found, _ = doctor("--member", "carl",
                                     title="an entry of the due index removed by hand")
        self.assertEqual(exit_code, 1)
        words = found["INDEX_DUE"]["advice"].split("redis-cli ")[1].replace("'", "").split()
        SCENE.redis.command(*words)
        world.wait_for(lambda: SCENE.redis.command("ZSCORE", key, "carl") == score,
                       "the sweeper to set it right")
        self.assertEqual(doctor("--member", "carl")[0], 0)

    def test_due_instant_invented(self):
        """Who is never due stands in the index as due some day."""
        SCENE.enrol("eve")
        key, score = self.place_of("eve")
        self.assertEqual(score, b"inf")
        SCENE.redis.command("ZADD", key, now_ms() + 86_400_000, "eve")
        exit_code, found, _ = doctor("--full")
        self.assertEqual(exit_code, 1)
        self.assertIn("eve", found["INDEX_DUE"]["what"])
        self.assertIn("rescore run --full", found["INDEX_DUE"]["advice"])
        WORLD.ctl("rescore", "run", "--full", "--wait", daemon=SCENE.daemons[0])
        self.assertEqual(SCENE.redis.command("ZSCORE", key, "eve"), b"inf")
        self.assertEqual(doctor("--full")[0], 0)

    def test_claim_removed(self):
        with SCENE.client("backend") as client:
            request = frames.enrol_request("dora", now_ms())
            request.identifiers.add(kind=kinds.IDENTIFIER_KIND_CARD_NUMBER, value=CARD)
            scene.must(client.call("Enroll", request))
        keys = [key for key in SCENE.redis.command("KEYS", "ly:{*}:i:*")
                if SCENE.redis.command("GET", key) == b"dora"]
        self.assertEqual(len(keys), 1, keys)
        self.assertEqual(doctor("--full")[0], 0)
        SCENE.redis.command("DEL", keys[0])
        try:
            exit_code, found, _ = doctor("--full", title="an identifier's claim removed by hand")
            self.assertEqual(exit_code, 1)
            self.assertIn("dora", found["INDEX_CLAIM"]["what"])
            self.assertNotIn("INDEX_DUE", found)
            self.assertIn("member identifier add", found["INDEX_CLAIM"]["advice"])
            WORLD.ctl("member", "identifier", "add", "dora", f"card:{CARD}",
                      daemon=SCENE.daemons[0])
            self.assertEqual(SCENE.redis.command("GET", keys[0]), b"dora")
            self.assertEqual(doctor("--full")[0], 0)
            SCENE.redis.command("SET", keys[0], "bob")
            _, found, _ = doctor("--full")
            self.assertIn("dora finds member bob", found["INDEX_CLAIM_TAKEN"]["what"])
        finally:
            SCENE.redis.command("SET", keys[0], "dora")
        self.assertEqual(doctor("--full")[0], 0)


class Certificates(unittest.TestCase):
    """Daemons beside the first, with certificates and lists of their own."""

    def beside(self, name, *options):
        daemon = SCENE.start_daemon(name, *options).wait_ready()
        self.addCleanup(daemon.stop)
        return daemon

    def issue(self, days):
        WORLD.ctl("cert", "issue", WORLD.tls, "short", "--server", "--ip", "127.0.0.1", "--days",
                  str(days), "--replace")
        return ("--tls-cert", f"{WORLD.tls}/short.pem", "--tls-key", f"{WORLD.tls}/short.key")

    def test_ends_soon(self):
        daemon = self.beside("short", *self.issue(3))
        exit_code, found, _ = doctor(daemon=daemon, title="a certificate that ends in three days")
        self.assertEqual(exit_code, 1)
        self.assertEqual(found["CERTIFICATE_EXPIRES"]["level"], "FAULT")
        self.assertIn("reload", found["CERTIFICATE_EXPIRES"]["advice"])
        self.issue(20)
        exit_code, found, _ = doctor(daemon=daemon)
        self.assertEqual(exit_code, 0)
        self.assertEqual(found["CERTIFICATE_EXPIRES"]["level"], "WARNING")
        self.assertEqual(found["TLS_NOT_LOADED"]["level"], "WARNING")

    @staticmethod
    def write_list(path, *period):
        folder = f"{WORLD.folder}/authority"
        os.makedirs(folder, exist_ok=True)
        config = f"{folder}/ca.cnf"
        with open(f"{folder}/index.txt", "w", encoding="ascii"):
            pass
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\n"
                       f"default_md=sha256\ncertificate={WORLD.tls}/ca.pem\n"
                       f"private_key={WORLD.tls}/ca.key\n")
        subprocess.run(["openssl", "ca", "-config", config, "-gencrl", *period, "-out", path],
                       check=True, capture_output=True)

    def test_list_ends(self):
        path = f"{WORLD.folder}/list.pem"
        self.write_list(path, "-crlhours", "5")
        daemon = self.beside("listed", "--tls-crl", path)
        exit_code, found, _ = doctor(daemon=daemon)
        self.assertEqual((exit_code, found["CRL_ENDS"]["level"]), (0, "WARNING"))
        self.write_list(path, "-crlsec", "1")
        time.sleep(2)  # it ends
        exit_code, found, _ = doctor(daemon=daemon)
        self.assertEqual((exit_code, found["CRL_ENDED"]["level"]), (1, "FAULT"))
        daemon.signal(world.signal.SIGHUP)
        world.wait_for(lambda: not doctor(daemon=daemon)[2]["reachable"], "everybody to be refused")
        exit_code, found, _ = doctor(daemon=daemon, title="a revocation list past its end")
        self.assertEqual(exit_code, 3)
        self.assertIn("revocation list has ended", found["SERVER_LIST_ENDED"]["what"])

    def test_our_own(self):
        WORLD.certificate("late", "admin/late", "--days", "-1")
        exit_code, found, _ = doctor("--as", "late", title="our own certificate has expired")
        self.assertEqual(exit_code, 3)
        self.assertIn("has expired", found["OUR_CERTIFICATE"]["what"])
        self.assertIn("SERVER_CERTIFICATE", found)


class Daemon(unittest.TestCase):
    def test_clock(self):
        daemon = SCENE.start_daemon("ahead", "--clock-offset-ms", "5000").wait_ready()
        self.addCleanup(daemon.stop)
        exit_code, found, _ = doctor(daemon=daemon, title="a clock five seconds ahead")
        self.assertEqual(exit_code, 1)
        self.assertEqual(found["CLOCK_SKEW"]["level"], "FAULT")
        self.assertIn("ahead of Redis's", found["CLOCK_SKEW"]["what"])
        self.assertIn("chronyc", found["CLOCK_SKEW"]["advice"])
        self.assertEqual(found["TEST_OPTION"]["level"], "FAULT")

    def test_stuck_job(self):
        """In a sandbox, whose clock says that it has waited for long."""
        idle = scene.Scene(options=("--jobs", "off", "--sandbox"), publish=False)
        try:
            idle.world.publish(idle.daemons[0], effective="now+2m")
            idle.world.ctl("clock", "set", "now+1h", daemon=idle.daemons[0])
            idle.world.ctl("rescore", "plan", "--at", "2027-06-01", daemon=idle.daemons[0])
            idle.world.ctl("clock", "set", "now+10m", daemon=idle.daemons[0])
            exit_code, found, _ = doctor(daemon=idle.daemons[0], tls=idle.world.tls,
                                         title="a job that nobody works on")
        finally:
            idle.finish()
        self.assertEqual(exit_code, 1)
        self.assertRegex(found["JOB_STUCK"]["what"], r"operations/plan-\d+ waits since \d+ s")
        self.assertIn("operations cancel", found["JOB_STUCK"]["advice"])
        self.assertEqual(found["JOBS_OFF"]["level"], "WARNING")
        self.assertEqual(found["SANDBOX"]["level"], "WARNING")

    def test_nobody_there(self):
        class Gone:  # a port nobody listens on
            port = 1
        exit_code, found, report = doctor(daemon=Gone, title="nobody listens")
        self.assertEqual((exit_code, report["reachable"]), (3, False))
        self.assertIn("systemctl status loyaltyd", found["REFUSED"]["advice"])
        self.assertIn("OUR_CERTIFICATE", found)


if __name__ == "__main__":
    scene.run_tests(SCENE)
