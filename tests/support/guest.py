"""Clients that never try again, not even what would be safe to: a call that fails is a call that
was lost. A guest goes when it was asked to, and comes back by the same door.
"""

import select
import struct
import threading

import frames
import scene
import world


class Guest(frames.Client):
    """A client of frames that looks for a Goaway before it asks, and goes when it got one."""

    def __init__(self, port, tls):
        super().__init__(port, frames.tls_context(tls, "till"))
        self.asked_to_go = False

    def receive(self):
        while True:
            length = struct.unpack(">I", self._read(4))[0]
            body = self._read(length)
            if frames.frame.ReplyEnvelope.FromString(body).WhichOneof("result") != "goaway":
                self.bytes = struct.pack(">I", length) + body + self.bytes
                return super().receive()
            self.asked_to_go = True
            if not self.waiting:
                return None

    def look(self):
        """Takes in what has come unasked, which can only be a Goaway."""
        if not self.asked_to_go and (self.bytes or self.socket.pending()
                                     or select.select([self.socket], [], [], 0)[0]):
            assert self.receive() is None


class FramesFace:
    def __init__(self, port, tls):
        self.port = port
        self.tls = tls
        self.connections = 1
        self.guest = Guest(port, tls)

    def award(self, request):
        self.guest.look()
        if self.guest.asked_to_go:
            self.guest.close()
            self.guest = Guest(self.port, self.tls)
            self.connections += 1
        return scene.must(self.guest.call("Award", request))

    def close(self):
        self.guest.close()


class Till(threading.Thread):
    """Awards one after another, a point each, until told to stop or until one fails."""

    def __init__(self, face, members):
        super().__init__(daemon=True)
        self.face = face
        self.members = members
        self.done = 0
        self.failed = None
        self.stopped = False

    def run(self):
        while not self.stopped and self.failed is None:
            member = self.members[self.done % len(self.members)]
            try:
                award = self.face.award(frames.award_request(member, 100, scene.now_ms()))
                assert award.points == 1, award
                self.done += 1
            except Exception as error:  # whatever it is, it is the test's failure
                self.failed = error

    def wait_done(self, count):
        world.wait_for(lambda: self.failed or self.done >= count, f"{count} calls", 600)
        assert self.failed is None, f"call {self.done + 1}: {self.failed!r}"

    def finish(self):
        """Ends after the call in hand; gives how many were done."""
        self.stopped = True
        self.join()
        self.face.close()
        assert self.failed is None, f"call {self.done + 1}: {self.failed!r}"
        return self.done
