"""The clients' own journal: what they meant to do, written and fsynced before the first byte of it
is sent, and what came of it, written and fsynced when they know. It is what a test holds the
service to, and it is read back from the file, not remembered.

One JSON object a line:
    {"intent": id, "member": ..., "method": ..., "request": base64}
    {"applied": id, "reply": base64}        the answer, which must stand for ever
    {"refused": id, "error": base64}        a definite no
    {"abandoned": id}                       given up after nothing but "certainly not executed"
    {"left": id}                            given up with its outcome open: at most once
    {"seen": member, "seq": n}              a reader was shown the account at this number
"""

import base64
import json
import os
import threading

import frames

OPEN, APPLIED, REFUSED, ABANDONED, LEFT = "open", "applied", "refused", "abandoned", "left"
FATES = (APPLIED, REFUSED, ABANDONED, LEFT)
TRACED = ("Redeem", "Reserve", "Capture")  # whose refusals are remembered


class Journal:
    """For writing, by any number of threads."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "ab")  # pylint: disable=consider-using-with
        self.lock = threading.Lock()

    def write(self, lines):
        """On disk when this returns."""
        if lines:
            data = "".join(json.dumps(line) + "\n" for line in lines).encode()
            with self.lock:
                self.file.write(data)
                self.file.flush()
                os.fsync(self.file.fileno())

    def close(self):
        self.file.close()


def seq_of(answer):
    """The place in its log that an answer tells."""
    return answer.version if hasattr(answer, "etag") else answer.seq


def encode(message):
    return base64.b64encode(message.SerializeToString()).decode()


class Intent:
    """One of the journal's intents and its fate."""

    def __init__(self, line):
        self.id = line["intent"]
        self.member = line["member"]
        self.method = line["method"]
        self.fate = OPEN
        path = frames.SHORT[self.method]
        self.types = frames.METHODS[path]
        self.request = self._message(self.types.input_type, line["request"])
        self.answer = None  # the reply, or the error

    @staticmethod
    def _message(descriptor, text):
        return descriptor._concrete_class.FromString(base64.b64decode(text))

    def take(self, fate, line):
        assert self.fate == OPEN, f"{self.id} ends twice: {self.fate}, {fate}"
        self.fate = fate
        if fate == APPLIED:
            self.answer = self._message(self.types.output_type, line["reply"])
        elif fate == REFUSED:
            self.answer = frames.common.Error.FromString(base64.b64decode(line["error"]))

    def points(self):
        """What it changed a balance by, with what is held of it."""
        if self.fate != APPLIED:
            return 0
        if self.method == "Award":
            return self.answer.points
        if self.method in ("Redeem", "Capture"):
            return -self.answer.points
        if self.method != "Reverse":
            return 0
        if self.answer.HasField("value"):  # of a redemption or a capture
            return self.answer.points_returned - self.answer.expired - self.answer.forgiven
        return self.answer.expired + self.answer.forgiven - self.answer.points_taken

    def place(self):
        """Where it must stand, once it is applied."""
        return self.member, seq_of(self.answer)


class Reader:
    """The journal as it stands in the file: `intents` by id, `seen` by member. `read` gives the
    intents that have met their fate since the last time."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.intents = {}
        self.seen = {}

    def read(self):
        ended = []
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        assert not data or data.endswith(b"\n"), "a line is being written"
        self.offset += len(data)
        for text in data.splitlines():
            line = json.loads(text)
            if "intent" in line:
                intent = Intent(line)
                assert intent.id not in self.intents, intent.id
                self.intents[intent.id] = intent
            elif "seen" in line:
                self.seen[line["seen"]] = max(self.seen.get(line["seen"], 0), line["seq"])
            else:
                ended.append(self._end(line))
        return ended

    def _end(self, line):
        fate = next(fate for fate in FATES if fate in line)
        intent = self.intents[line[fate]]
        intent.take(fate, line)
        return intent

    def open(self):
        return [intent for intent in self.intents.values() if intent.fate == OPEN]
