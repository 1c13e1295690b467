#!/usr/bin/python3
"""SIGHUP under connected clients: what is right is taken whole, what is wrong not at all, and
nobody is dropped but who is revoked.
"""

import os
import shutil
import socket
import ssl
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world

WORLD = world.World()
TLS = WORLD.tls
REDIS = WORLD.redis()
CONFIG = f"{WORLD.folder}/loyaltyd.conf"
KEY = f"{WORLD.folder}/identifier.key"
CRL = f"{WORLD.folder}/crl.pem"


def write_list(revoked=()):
    folder = f"{WORLD.folder}/authority"
    os.makedirs(folder, exist_ok=True)
    config = f"{folder}/ca.cnf"
    for name in ("index.txt", "number"):
        if not os.path.exists(f"{folder}/{name}"):
            with open(f"{folder}/{name}", "w", encoding="ascii") as file:
                file.write("01\n" if name == "number" else "")
    with open(config, "w", encoding="ascii") as file:
        file.write(f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\n"
                   f"crlnumber={folder}/number\ndefault_md=sha256\ndefault_crl_days=30\n"
                   f"certificate={TLS}/ca.pem\nprivate_key={TLS}/ca.key\n")
    for name in revoked:
        subprocess.run(["openssl", "ca", "-config", config, "-revoke", f"{TLS}/{name}.pem"],
                       check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-config", config, "-gencrl", "-out", CRL], check=True,
                   capture_output=True)


def configure(**options):
    """All but what the fixture gives on the command line; sections as the table has them."""
    sections = {"listen": {"tls-crl": CRL}, "ledger": {}, "work": {}, "log": {"slow-ms": "0"}}
    for name, value in options.items():
        section, _, option = name.partition("__")
        sections[section][option.replace("_", "-")] = value
    with open(CONFIG, "w", encoding="ascii") as file:
        for section, pairs in sections.items():
            file.write(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in pairs.items()))


def answers(client):
    client.ask("GetClock", frames.clock.GetClockRequest())


class Reload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(KEY, "w", encoding="ascii") as file:
            file.write("07" * 32 + "\n")
        write_list()
        configure()
        cls.daemon = WORLD.daemon("daemon", "--config", CONFIG, "--redis", f"unix:{REDIS.path}",
                                  "--identifier-key-file", KEY, "--partitions", "16")
        cls.daemon.wait_ready()
        cls.old = cls.daemon.client("till")  # lives through all of it
        answers(cls.old)

    @classmethod
    def tearDownClass(cls):
        answers(cls.old)
        cls.old.close()
        code = cls.daemon.stop()
        assert code == 0 and "Sanitizer" not in cls.daemon.output(), cls.daemon.output()
        REDIS.stop()

    def tearDown(self):
        configure()
        self.reload()
        answers(self.old)

    def reload(self):
        """Sends SIGHUP; the events that answer it."""
        before = self.daemon.output()

        def since():
            lines = self.daemon.output()[len(before):].splitlines()
            return [line for line in lines if " reloaded " in line or " reload-failed " in line]

        self.daemon.signal(world.signal.SIGHUP)
        return world.wait_for(since, "the reload to be answered")

    def taken(self):
        lines = self.reload()
        self.assertTrue(all(" reloaded " in line for line in lines), lines)

    def refused(self, words):
        lines = self.reload()
        self.assertTrue(all(" reload-failed " in line for line in lines), lines)
        self.assertIn(words, "\n".join(lines))
        answers(self.old)
        with self.daemon.client("backend") as client:  # and by the old certificate
            answers(client)
        status = WORLD.ctl("status", "-o", "json", daemon=self.daemon).stdout
        self.assertIn(words.replace('"', "'")[:20], status)

    def served_certificate(self):
        context = frames.tls_context(TLS, "till")
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=20) as raw, \
                context.wrap_socket(raw, server_hostname="127.0.0.1") as link:
            return ssl.DER_cert_to_PEM_cert(link.getpeercert(binary_form=True))

    def test_a_new_certificate_is_for_new_connections(self):
        before = self.served_certificate()
        WORLD.ctl("cert", "issue", TLS, "server", "--server", "--ip", "127.0.0.1", "--replace")
        self.assertEqual(self.served_certificate(), before)  # nobody has told it yet
        self.taken()
        self.assertNotEqual(self.served_certificate(), before)
        answers(self.old)

    def test_who_is_revoked_goes_and_no_other(self):
        for name in ("stolen", "kept"):
            WORLD.certificate(name, f"pos/store-0007/{name}")
        with self.daemon.client("stolen") as stolen, self.daemon.client("kept") as kept:
            answers(stolen)
            answers(kept)
            write_list(["stolen"])
            self.taken()
            with self.assertRaises((OSError, frames.Closed)):
                for _ in range(100):
                    answers(stolen)
            answers(kept)

    def test_limits(self):
        configure(listen__max_connections="2")
        self.taken()
        with self.daemon.client("backend") as second:
            answers(second)
            with socket.create_connection(("127.0.0.1", self.daemon.port)) as third:
                third.settimeout(0.5)
                context = frames.tls_context(TLS, "till")
                with self.assertRaises(OSError):  # it waits unaccepted
                    context.wrap_socket(third, server_hostname="127.0.0.1")
            configure(listen__max_connections="50", listen__max_in_flight="1")
            self.taken()
            with self.daemon.client("backend") as third:
                answers(third)
                answers(second)
                for _, reply in third.each((i, "GetClock", frames.clock.GetClockRequest())
                                           for i in range(50)):
                    scene.must(reply)  # one after the other, but all of them
            answers(self.old)

    def test_what_is_said(self):
        def slow():
            return self.daemon.output().count(" slow-request ")

        before = slow()
        configure(log__slow_ms="1")
        self.taken()
        REDIS.pause()
        with self.daemon.client("backend") as client:
            number = client.submit("Enroll", frames.enrol_request("slow-1", scene.now_ms()))
            world.time.sleep(0.05)
            REDIS.go_on()
            client.receive()
            del number
        world.wait_for(lambda: slow() > before, "a slow request to be logged")
        configure(log__log_level="error")
        self.daemon.signal(world.signal.SIGHUP)
        world.wait_for(lambda: "log-level = error" in self.config_of_daemon(),
                       "the level to be taken")

    def config_of_daemon(self):
        out = WORLD.ctl("show", "config", "-o", "json", daemon=self.daemon).stdout
        return "log-level = error" if '"error"' in out else out

    def test_files_that_are_wrong(self):
        good = f"{WORLD.folder}/server.good"
        shutil.copy(f"{TLS}/server.pem", good)
        with open(f"{TLS}/server.pem", "w", encoding="ascii") as file:
            file.write("-----BEGIN CERTIFICATE-----\nnonsense\n")
        self.refused("no certificate chain in")
        shutil.copy(good, f"{TLS}/server.pem")
        shutil.copy(f"{TLS}/server.key", good)
        shutil.copy(f"{TLS}/till.key", f"{TLS}/server.key")
        self.refused("server.key")
        shutil.copy(good, f"{TLS}/server.key")
        os.rename(CRL, f"{CRL}.away")
        self.refused("crl.pem")
        os.rename(f"{CRL}.away", CRL)
        self.taken()

    def test_options_that_are_wrong(self):
        for options, words in (
                ({"listen__max_connections": "0"},
                 "max-connections: '0' is not a whole number from 1 to 10000"),
                ({"listen__nothing": "1"}, "nothing: there is no such option"),
                ({"ledger__partitions": "8"}, ""),
                ({"work__sweep": "off"}, "sweep: needs a restart"),
                ({"listen__trust_domain": "else.example"}, "trust-domain: needs a restart")):
            configure(**options)
            if words:
                self.refused(words)
            else:
                self.taken()  # the command line says otherwise, and wins
        os.unlink(CONFIG)
        self.refused("No such file or directory")

    def test_all_or_nothing(self):
        """A limit that is right beside a certificate that is wrong."""
        shutil.copy(f"{TLS}/ca.pem", f"{WORLD.folder}/ca.good")
        with open(f"{TLS}/ca.pem", "a", encoding="ascii") as file:
            file.write("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
        configure(listen__max_connections="1")
        lines = self.reload()
        shutil.copy(f"{WORLD.folder}/ca.good", f"{TLS}/ca.pem")
        self.assertTrue(all(" reload-failed " in line for line in lines), lines)
        with self.daemon.client("backend") as one, self.daemon.client("admin") as two:
            answers(one)  # the limit is the old one
            answers(two)


if __name__ == "__main__":
    unittest.main()
