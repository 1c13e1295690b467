#!/usr/bin/python3
"""What of systemd's is delivered, as it is installed: its own tools find no fault in the units,
what they expose is at most 1.5 of 10, user and folders come into being, and the service's line
starts the daemon.
"""

import glob
import os
import re
import shlex
import subprocess
import tempfile
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import world

THRESHOLD = "15"  # tenths
BUILD = os.path.abspath(f"{frames.BIN}/..")
PROGRAMS = {"sbin": "loyaltyd", "bin": "loyaltyctl"}
FOLDERS = ["etc/loyalty", "etc/loyalty/tls", "etc/credstore"]


def run(*line, **more):
    done = subprocess.run(line, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def installed(root, prefix):
    """Runs the install rules into a folder; gives the folder of the units."""
    run("cmake", "--install", BUILD, "--component", "systemd", "--prefix", prefix,
        env={**os.environ, "DESTDIR": root})
    return os.path.dirname(glob.glob(f"{root}/**/loyaltyd.service", recursive=True)[0])


def settings(path):
    """The lines that are no comment, without what names the instance."""
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return [re.sub(r"(, port |-|/|@)?%i", "", line) for line in lines if line]


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="loyalty-units-")
        cls.addClassCleanup(cls.folder.cleanup)
        root = cls.folder.name
        cls.prefix = f"{root}/usr"
        for folder, program in PROGRAMS.items():
            os.makedirs(f"{cls.prefix}/{folder}")
            os.symlink(f"{frames.BIN}/{program}", f"{cls.prefix}/{folder}/{program}")
        cls.root = f"{root}/destination"
        cls.units = installed(cls.root, cls.prefix)

    def files(self, kind):
        found = sorted(glob.glob(f"{self.units}/*.{kind}"))
        self.assertTrue(found, kind)
        return found

    def test_verify(self):
        """Not a word from systemd-analyze about any unit; a template is looked at as its 7412."""
        for path in self.files("service") + self.files("socket") + self.files("timer"):
            name = os.path.basename(path).replace("@.", "@7412.")
            told = run("systemd-analyze", "verify", "--man=no", name,
                       env={**os.environ, "SYSTEMD_UNIT_PATH": f"{self.units}:"})
            self.assertNotIn("loyalty", told)

    def test_exposure(self):
        for path in self.files("service"):
            told = run("systemd-analyze", "security", "--offline=true",
                       f"--threshold={THRESHOLD}", path)
            score = re.search(r"Overall exposure level for (\S+): ([0-9.]+)", told)
            print(f"{score[1]}: exposure {score[2]}")

    def test_too_much_is_noticed(self):
        """The threshold is one: without what it is forbidden, the same unit fails it."""
        path = f"{self.folder.name}/open.service"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(line for line in settings(f"{self.units}/loyaltyd.service")
                                 if not line.startswith(("SystemCallFilter", "Capability"))))
        with self.assertRaisesRegex(AssertionError, "exposure"):
            run("systemd-analyze", "security", "--offline=true", f"--threshold={THRESHOLD}", path)

    def test_the_template_is_the_same(self):
        for kind in ("service", "socket"):
            one = settings(f"{self.units}/loyaltyd.{kind}")
            template = settings(f"{self.units}/loyaltyd@.{kind}")
            self.assertEqual([line.replace("ListenStream=7411", "ListenStream=") for line in one],
                             template)

    def test_more_time_to_end_than_a_drain_takes(self):
        """A drain asks for more; one that could not would still be over."""
        lines = dict(line.split("=", 1) for line in settings(f"{self.units}/loyaltyd.service")
                     if "=" in line)
        self.assertGreaterEqual(int(lines["TimeoutStopSec"]), 30)
        self.assertEqual((lines["Type"], lines["KillMode"]), ("notify", "mixed"))

    @unittest.skipUnless(os.geteuid() == 0, "owners are set by root")
    def test_user_and_folders(self):
        share = glob.glob(f"{self.root}/**/sysusers.d/loyaltyd.conf", recursive=True)
        folders = glob.glob(f"{self.root}/**/tmpfiles.d/loyaltyd.conf", recursive=True)
        self.assertEqual((len(share), len(folders)), (1, 1))
        host = f"{self.folder.name}/host"
        os.makedirs(f"{host}/etc")
        run("systemd-sysusers", f"--root={host}", share[0])
        run("systemd-tmpfiles", f"--root={host}", "--create", folders[0])
        with open(f"{host}/etc/passwd", encoding="ascii") as file:
            user = [line.split(":") for line in file if line.startswith("loyalty:")][0]
        self.assertEqual(user[5:], ["/var/lib/loyalty", "/usr/sbin/nologin\n"])
        for folder in FOLDERS:
            found = os.stat(f"{host}/{folder}")
            group = 0 if folder == "etc/credstore" else int(user[3])
            self.assertEqual((found.st_uid, found.st_gid), (0, group), folder)
            self.assertEqual(found.st_mode & 0o027, 0, folder)


class Lines(unittest.TestCase):
    """The lines of loyaltyd.service, run as they stand, with the option file and the credentials
    at another place."""

    @classmethod
    def setUpClass(cls):
        cls.world = world.World()
        cls.addClassCleanup(cls.world.close)
        cls.redis = cls.world.redis()
        cls.addClassCleanup(cls.redis.stop)
        cls.credentials = f"{cls.world.folder}/credentials"
        os.mkdir(cls.credentials)
        for name in ("identifier-key", "profile-key"):
            with open(f"{cls.credentials}/{name}", "w", encoding="ascii") as file:
                file.write(os.urandom(32).hex() + "\n")

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[1]
        self.config = f"{self.world.folder}/{self.name}.conf"
        self.port_file = f"{self.world.folder}/{self.name}.port"
        tls = self.world.tls
        self.write(f"[listen]\nlisten = 127.0.0.1:0\nport-file = {self.port_file}\n"
                   f"tls-cert = {tls}/server.pem\ntls-key = {tls}/server.key\n"
                   f"tls-ca = {tls}/ca.pem\n[ledger]\nredis = unix:{self.redis.path}\n"
                   "partitions = 16\n")

    def write(self, text):
        with open(self.config, "w", encoding="ascii") as file:
            file.write(text)

    def lines(self, name):
        """Of the setting, as arguments, with the program that was built."""
        with open(f"{frames.SOURCE}/systemd/loyaltyd.service", encoding="utf-8") as file:
            found = [line.strip().split("=", 1)[1] for line in file if line.startswith(f"{name}=")]
        return [shlex.split(line.replace("/usr/sbin/", f"{frames.BIN}/")
                            .replace("/etc/loyalty/loyaltyd.conf", self.config)) for line in found]

    def start(self):
        return world.Process(self.lines("ExecStart")[0], f"{self.world.folder}/{self.name}.log",
                             {"CREDENTIALS_DIRECTORY": self.credentials})

    def test_start_and_reload(self):
        process = self.start()
        world.wait_for(lambda: os.path.exists(self.port_file) or not process.alive(), "a port")
        self.assertTrue(process.alive(), process.output())
        check, hang_up = self.lines("ExecReload")
        run(*check, env={**os.environ, "CREDENTIALS_DIRECTORY": self.credentials})
        self.assertEqual(hang_up, ["/bin/kill", "-HUP", "$MAINPID"])
        run(*hang_up[:-1], str(process.child.pid))
        world.wait_for(lambda: " reloaded what=" in process.output(), "a reload")
        self.assertEqual(process.stop(), 0)
        self.assertNotIn("Sanitizer", process.output())

    def test_a_wrong_file(self):
        """Status 2, which RestartPreventExitStatus= names; and no reload by it."""
        self.write("[listen]\nlisten = nowhere\n")
        process = self.start()
        self.assertEqual(process.child.wait(world.WAIT_S), 2, process.output())
        self.assertIn(f"{self.config}:2", process.output())
        with self.assertRaisesRegex(AssertionError, f"{self.config}:2"):
            run(*self.lines("ExecReload")[0])


if __name__ == "__main__":
    unittest.main()
