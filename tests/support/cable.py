"""A cable between a daemon and its Redis that a test can pull: bytes wait in it, or it is cut."""

import os
import socket
import threading


class Cable:
    """Listens on a unix socket and passes everything on to another. While `held`, bytes sent are
    taken but not passed on, in either direction; let go, they arrive as if they had been slow."""

    def __init__(self, path, target):
        self.path = path
        self.target = target
        self.flowing = threading.Event()
        self.flowing.set()
        self.links = []
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self):
        self.flowing.clear()

    def let_go(self):
        self.flowing.set()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.target)
            except OSError:
                near.close()
                far.close()
                continue
            self.links.append((near, far))
            self._join(near, far)

    def _join(self, near, far):
        """Begins to pass on what comes from either end."""
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, source, sink):
        """Bytes read while held are sent afterwards, even if whoever sent them has hung up."""
        try:
            while data := source.recv(65536):
                self.flowing.wait()
                sink.sendall(data)
        except OSError:
            pass
        self.flowing.wait()
        self._hang_up(source, sink)

    @staticmethod
    def _hang_up(*ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
