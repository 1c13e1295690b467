"""What lies between a till and its daemon: a TCP port that passes everything on, until it is cut,
or goes mute: then what is asked arrives and the answers do not come back."""

import socket
import threading


class Wire:
    def __init__(self, target):
        self.target = target
        self.is_cut = False
        self.is_mute = False
        self.ends = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Every connection ends and none is taken."""
        self.is_cut = True
        self._hang_up()

    def mute(self):
        self.is_mute = True

    def mend(self):
        """What went through while it was mute is lost: those connections end."""
        was_mute, self.is_mute, self.is_cut = self.is_mute, False, False
        if was_mute:
            self._hang_up()

    def close(self):
        self.cut()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _hang_up(self):
        ends, self.ends = self.ends, []
        for end in ends:
            self._end(end)

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self.ends += [near, far]
            for source, sink, answers in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pass, args=(source, sink, answers),
                                 daemon=True).start()

    def _pass(self, source, sink, answers):
        try:
            while data := source.recv(65536):
                if not (answers and self.is_mute):
                    sink.sendall(data)
        except OSError:
            pass
        self._end(sink)
        source.close()

    @staticmethod
    def _end(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
