"""A cable between a daemon and its Redis that understands what passes through it: at a chosen
command, and at a chosen moment of it, something happens (mostly somebody is killed); and replies
can be falsified.
"""

import collections
import threading

import cable
import resp

# Moments of a command: it has come but is not passed on; half its bytes are passed on; it is passed
# on; its reply has come but is not passed on; its reply is passed on.
BEFORE, MIDDLE, SENT, HELD, PASSED = MOMENTS = ("before", "middle", "sent", "held", "passed")


class Trap:
    """Springs once, at a moment of the n-th command of a name; any number of taps may wait for it.
    `act` is called with what the tap that met it has as its `owner`."""

    def __init__(self, command, moment, act, nth=1):
        assert moment in MOMENTS, moment
        self.command = command
        self.moment = moment
        self.act = act
        self.left = nth
        self.lock = threading.Lock()
        self.sprung = threading.Event()

    def meets(self, command):
        """Whether this command is the one."""
        if command != self.command:
            return False
        with self.lock:
            self.left -= 1
            return self.left == 0

    def spring(self, owner):
        self.act(owner)
        self.sprung.set()


class Link:
    """One connection; what was sent and not yet answered, in order, with the trap it springs."""

    def __init__(self, near, far):
        self.near = near
        self.far = far
        self.commands = resp.Splitter()
        self.replies = resp.Splitter()
        self.sent = collections.deque()
        self.ends = 2  # threads at work on it


class CutOff(OSError):
    """The trap took the connection with it."""


class Tap(cable.Cable):
    """One trap at a time, in `trap`. `lies`: a command's name -> what is made of its replies."""

    def __init__(self, path, target, owner=None, lies=None):
        self.trap = None
        self.owner = owner
        self.lies = lies or {}
        self.lock = threading.Lock()
        super().__init__(path, target)

    def _join(self, near, far):
        link = Link(near, far)
        for run, source, take in ((self._run, near, self._take_commands),
                                  (self._run, far, self._take_replies)):
            threading.Thread(target=run, args=(link, source, take), daemon=True).start()

    def _run(self, link, source, take):
        try:
            while data := source.recv(65536):
                self.flowing.wait()
                take(link, data)
        except OSError:
            pass
        self.flowing.wait()
        self._hang_up(link.near, link.far)
        with self.lock:
            link.ends -= 1
            if link.ends == 0:
                self.links.remove((link.near, link.far))
                link.near.close()
                link.far.close()

    def _take_commands(self, link, data):
        ready = b""
        for command in link.commands.feed(data):
            name = resp.name_of(command)
            trap = self.trap
            trap = trap if trap is not None and trap.meets(name) else None
            if trap is not None and trap.moment in (BEFORE, MIDDLE):
                half = len(command) // 2 if trap.moment == MIDDLE else 0
                link.far.sendall(ready + command[:half])
                trap.spring(self.owner)
                raise CutOff
            link.sent.append((name, trap))
            ready += command
            if trap is not None and trap.moment == SENT:
                link.far.sendall(ready)
                trap.spring(self.owner)
                ready = b""
        if ready:
            link.far.sendall(ready)

    def _take_replies(self, link, data):
        ready = b""
        for reply in link.replies.feed(data):
            name, trap = link.sent.popleft()
            reply = self.lies.get(name, lambda same: same)(reply)
            if trap is not None and trap.moment == HELD:
                link.near.sendall(ready)
                trap.spring(self.owner)
                raise CutOff
            ready += reply
            if trap is not None and trap.moment == PASSED:
                link.near.sendall(ready)
                trap.spring(self.owner)
                ready = b""
        if ready:
            link.near.sendall(ready)
