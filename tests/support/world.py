"""Real processes for tests in Python: redis-server, loyaltyd, loyaltyctl, and the certificates that
go with them, all below one folder that goes away at the end.

Nothing here guesses how long something takes: every wait is for a condition, with a bound.
"""

import atexit
import faulthandler
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import frames

WAIT_S = 30

if "LOYALTY_HANG_S" in os.environ:  # says where all threads stand, for whoever reads the output
    faulthandler.dump_traceback_later(int(os.environ["LOYALTY_HANG_S"]))


def wait_for(condition, what, seconds=WAIT_S):
    """Waits until the condition gives something true, and gives that."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


class Process:
    """A child process with its output in a file. `sockets`: file descriptors it is to inherit."""

    def __init__(self, arguments, log, environment=None, sockets=()):
        self.log = log
        self.was_killed = False
        with open(log, "ab") as file:
            self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file,
                                          stderr=file, env={**os.environ, **(environment or {})},
                                          pass_fds=sockets)
        atexit.register(self.kill)

    def alive(self):
        return self.child.poll() is None

    def kill(self):
        self.was_killed = True
        if self.alive():
            self.child.kill()
        self.child.wait()

    def kill_now(self):
        """What must be alive until now."""
        assert self.alive(), f"it ended by itself: {self.output()}"
        self.kill()

    def stop(self):
        """Ends it in an orderly way; gives its exit code."""
        if self.alive():
            self.child.terminate()
            self.go_on()  # it may have been paused
        try:
            return self.child.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def signal(self, number):
        self.child.send_signal(number)

    def pause(self):
        """Stops it where it is, and waits until it has."""
        self.signal(signal.SIGSTOP)
        wait_for(lambda: self._state() == "T", "a process to stop")

    def go_on(self):
        self.signal(signal.SIGCONT)

    def _state(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


class Redis(Process):
    """A redis-server on a unix socket, as safe as the daemon wants it unless told otherwise. Its
    first answer is waited for, unless told otherwise."""

    SAFE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction",
            "save": "", "no-appendfsync-on-rewrite": "no", "auto-aof-rewrite-percentage": "0"}

    def __init__(self, folder, environment=None, wait=True, **settings):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.path = f"{folder}/socket"
        self.settings = {**self.SAFE, **{k.replace("_", "-"): v for k, v in settings.items()}}
        arguments = ["redis-server", "--port", "0", "--unixsocket", self.path, "--dir", folder,
                     "--daemonize", "no"]
        for name, value in self.settings.items():
            arguments += [f"--{name}", value]
        super().__init__(arguments, f"{folder}/log", environment)
        if wait:
            self.wait_answering()

    def wait_answering(self):
        wait_for(self.answers, "redis-server to answer")

    def answers(self):
        assert self.alive(), self.output()
        try:
            return self.command("PING") == "PONG"
        except OSError:
            return False

    def has_settled(self):
        """Whether it answers, or has ended."""
        try:
            return not self.alive() or self.answers()
        except AssertionError:
            return True  # it has ended just now

    def last_words(self):
        """What it has logged since it was started last."""
        return self.output().rsplit("Redis is starting", 1)[1]

    def command(self, *words):
        """One command; its reply as str, int, list or None. Error replies raise."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(WAIT_S)
            link.connect(self.path)
            encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
            link.sendall(b"*%d\r\n" % len(encoded)
                         + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
            with link.makefile("rb") as file:
                return self._reply(file)

    def _reply(self, file):
        line = file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("no whole reply")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            if rest.startswith((b"LOADING", b"BUSY")):
                raise ConnectionError(rest.decode())
            raise ValueError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else file.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self._reply(file) for _ in range(int(rest))]


class Daemon(Process):
    """A loyaltyd; `port` is there once it listens, which is waited for unless told otherwise."""

    def __init__(self, world, name, *arguments, binary=None, wait=True, sockets=()):
        port_file = f"{world.folder}/{name}.port"
        if os.path.exists(port_file):
            os.unlink(port_file)
        self.world = world
        self.port = None
        self.port_file = port_file
        tls = world.tls
        super().__init__([binary or f"{world.bin}/loyaltyd", "--listen", "127.0.0.1:0",
                          "--port-file", port_file, "--tls-cert", f"{tls}/server.pem",
                          "--tls-key", f"{tls}/server.key", "--tls-ca", f"{tls}/ca.pem",
                          *arguments], f"{world.folder}/{name}.log", sockets=sockets)
        if wait:
            self.wait_listening()

    def wait_listening(self):
        def port():
            assert self.alive(), self.output()
            if os.path.exists(self.port_file):
                with open(self.port_file, encoding="ascii") as file:
                    return file.read().strip()
            return None

        self.port = int(wait_for(port, "loyaltyd to listen"))
        return self

    def client(self, name="admin"):
        return frames.Client(self.port, frames.tls_context(self.world.tls, name))

    def serves(self):
        """Whether it answers a read now."""
        assert self.alive(), self.output()
        with self.client() as client:
            reply = client.call("GetProgram", frames.programs.GetProgramRequest())
            return reply.error is None or reply.error.code != frames.common.CODE_UNAVAILABLE

    def wait_ready(self):
        wait_for(self.serves, "loyaltyd to serve")
        return self


class World:
    """A folder, certificates (admin, backend, till, server), and what runs there."""

    def __init__(self, bin_folder=None):
        self.bin = bin_folder or frames.BIN
        self.folder = tempfile.mkdtemp(prefix="loyalty-")
        self.tls = f"{self.folder}/tls"
        os.mkdir(self.tls)
        atexit.register(self.close)
        self.ctl("cert", "ca", self.tls)
        self.ctl("cert", "issue", self.tls, "server", "--server", "--ip", "127.0.0.1")
        self.certificate("admin", "admin/anna")
        self.certificate("backend", "backend/crm")
        self.certificate("till", "pos/store-0007/till-02")

    def close(self):
        if not os.environ.get("LOYALTY_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def certificate(self, name, unit, *more):
        self.ctl("cert", "issue", self.tls, name, "--uri", f"spiffe://vip.example/{unit}", *more)

    def ctl(self, *arguments, daemon=None, check=True, environment=None):
        """Runs loyaltyctl; gives the finished process."""
        line = [f"{self.bin}/loyaltyctl", *arguments]
        if daemon is not None:
            line[1:1] = ["--server", f"127.0.0.1:{daemon.port}", "--tls", self.tls]
        own = {**os.environ, "XDG_CONFIG_HOME": self.folder, **(environment or {})}
        run = subprocess.run(line, capture_output=True, text=True, check=False, env=own)
        assert not check or run.returncode == 0, f"{line}: {run.stdout}{run.stderr}"
        return run

    def ctl_json(self, *arguments, daemon):
        return json.loads(self.ctl("-o", "json", *arguments, daemon=daemon).stdout)

    def redis(self, **more):
        return Redis(f"{self.folder}/redis", **more)

    def daemon(self, name, *arguments, **more):
        return Daemon(self, name, *arguments, **more)

    def publish(self, daemon, document="retail.yaml", effective="1996-01-01T00:00:00Z", sets=()):
        arguments = ["program", "publish", f"{frames.SOURCE}/programs/{document}",
                     "--effective-from", effective]
        for setting in sets:
            arguments += ["--set", setting]
        return self.ctl(*arguments, daemon=daemon)

    def totals(self, daemon):
        """What verify --all says; there must be no fault."""
        totals = self.ctl_json("verify", "--all", daemon=daemon)
        assert totals["faults"] == 0, totals
        return totals
