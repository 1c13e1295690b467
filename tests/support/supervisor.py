"""What systemd does for loyaltyd.service, in small, where no systemd runs: keeps the listening
socket, hears sd_notify's words of the main process alone (NotifyAccess=main), waits for them at the
end (EXTEND_TIMEOUT_USEC), aborts and then kills a process whose watchdog is not fed, and starts it
again (Restart=always). A thread of its own does all of it.
"""

import array
import fcntl
import os
import select
import signal
import socket
import struct
import threading
import time

import frames
import world

TURN_S = 0.02
STOP_S = 10  # without a word from the daemon
MESSAGE_BYTES = 4096
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class Supervisor:
    """`told`: what each generation said, as (generation, {NAME: value}); `exits`: how each ended,
    as Popen.returncode; `overdue`: how many did not end in their time."""

    def __init__(self, scene, name, *options, watchdog_s=None, abort_s=0.5, path=None):
        self.scene, self.name, self.options, self.path = scene, name, options, path
        self.watchdog_s, self.abort_s = watchdog_s, abort_s
        self.binary = f"{frames.BIN}/loyaltyd"
        self.folder = scene.world.folder
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.fd = fcntl.fcntl(self.listener, fcntl.F_DUPFD_CLOEXEC, 10)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.notify.bind(f"{self.folder}/{name}.notify")
        self.told, self.exits, self.overdue, self.aborted = [], [], 0, 0
        self.generation, self.daemon, self.wanted, self.failed = 0, None, True, None
        self._start()
        self.thread = threading.Thread(target=self._supervise, daemon=True)
        self.thread.start()

    # --- asked by the test ---

    def words(self, name, generation=None):
        """All values of an assignment, in order, of the generation (that of now)."""
        generation = generation or self.generation
        return [said[name] for of, said in list(self.told) if of == generation and name in said]

    def wait(self, condition, what):
        def look():
            assert self.failed is None, self.failed
            return condition()
        return world.wait_for(look, what, 60)

    def wait_ready(self, generation=None):
        generation = generation or self.generation
        self.wait(lambda: self.words("READY", generation), f"READY=1 of start {generation}")
        return self

    def restart(self, binary=None):
        """systemctl restart: of the same program, or of another; once the new one is ready."""
        before = self.generation
        self.binary = binary or self.binary
        self.ask_to_stop()
        self.wait_ready(before + 1)

    def reload(self):
        """systemctl reload, as Type=notify-reload has it."""
        asked_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        done = len(self.words("READY"))
        self.daemon.signal(signal.SIGHUP)
        self.wait(lambda: len(self.words("READY")) > done, "READY=1 after a reload")
        assert int(self.words("MONOTONIC_USEC")[-1]) >= asked_us

    def ask_to_stop(self):
        self.stop_until = time.monotonic() + STOP_S
        self.daemon.child.terminate()

    def stop(self):
        self.wanted = False
        self.ask_to_stop()
        self.thread.join(60)
        assert self.failed is None and not self.thread.is_alive(), self.failed
        self.notify.close()
        self.listener.close()
        os.close(self.fd)

    # --- the thread ---

    def script(self):
        """A process must know its own id to take what is meant for it."""
        watchdog = ("" if self.watchdog_s is None else
                    f"WATCHDOG_PID=$$ WATCHDOG_USEC={int(self.watchdog_s * 1000000)} ")
        path = f"{self.folder}/{self.name}-{self.generation}"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/bash\nexport NOTIFY_SOCKET={self.folder}/{self.name}.notify "
                       f"LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=loyalty {watchdog}\n"
                       f'exec {self.binary} "$@" 3<&{self.fd} {self.fd}<&-\n')
        os.chmod(path, 0o700)
        return path

    def _start(self):
        self.generation += 1
        self.fed = self.kill_at = self.stop_until = None
        self.daemon = self.scene.start_daemon(f"{self.name}-{self.generation}", *self.options,
                                              path=self.path, binary=self.script(),
                                              sockets=(self.fd,), wait=False)
        self.daemon.port = self.port

    def _supervise(self):
        try:
            while True:
                if select.select([self.notify], [], [], TURN_S)[0]:
                    self._hear()
                if not self.daemon.alive():
                    self._hear_out()
                    self.exits.append(self.daemon.child.returncode)
                    if not self.wanted:
                        return
                    self._start()
                self._look(time.monotonic())
        except Exception as error:  # the test's thread says it
            self.failed = repr(error)

    def _hear_out(self):
        while select.select([self.notify], [], [], 0)[0]:
            self._hear()

    def _hear(self):
        data, extra, _, _ = self.notify.recvmsg(
            MESSAGE_BYTES, socket.CMSG_SPACE(array.array("i").itemsize * 3))
        sender = CREDENTIALS.unpack(extra[0][2])[0]
        if sender != self.daemon.child.pid:
            return
        said = dict(line.split("=", 1) for line in data.decode().splitlines())
        self.told.append((self.generation, said))
        if {"READY", "WATCHDOG"} & set(said):
            self.fed = time.monotonic()
        if "EXTEND_TIMEOUT_USEC" in said and self.stop_until is not None:
            self.stop_until = max(self.stop_until, time.monotonic()
                                  + int(said["EXTEND_TIMEOUT_USEC"]) / 1000000)

    def _look(self, now):
        if self.stop_until is not None and now > self.stop_until:
            self.overdue += 1
            self.daemon.child.kill()
        elif self.kill_at is not None:
            if now > self.kill_at:
                self.daemon.child.kill()
        elif self.watchdog_s and self.fed and now > self.fed + self.watchdog_s:
            self.aborted += 1
            self.daemon.signal(signal.SIGABRT)
            self.kill_at = now + self.abort_s
