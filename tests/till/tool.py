"""A till in a process of its own (till_tool.c), told what to do by lines. What it has answered, it
has told its cashier."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.abspath(f"{__file__}/../../support"))
import frames  # noqa: E402

TOOL = f"{frames.BIN}/../tests/till_tool"
KINDS = {1: "award", 2: "redeem", 3: "reserve", 4: "capture", 5: "release", 6: "reverse"}
DONE = ("APPLIED", "DUPLICATE")


class Killed(Exception):
    """It was killed before it answered."""


class Till:
    """Commands are methods of any name: till.award(member="anna", minor=1000)."""

    def __init__(self, world, port, queue, name="till", options=()):
        self.child = subprocess.Popen(
            [TOOL, "--server", f"127.0.0.1:{port}", "--tls", world.tls, "--name", name,
             "--queue", queue, "--retry-first", "20", "--retry-max", "200", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8")
        self.opened = self._answer()

    def _answer(self):
        line = self.child.stdout.readline()
        if not line.endswith("\n"):
            self.close()
            raise Killed()
        return json.loads(line)

    def tell(self, text):
        try:
            self.child.stdin.write(text + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # it was killed; its answer says so
        return self._answer()

    def __getattr__(self, command):
        def run(**words):
            return self.tell(" ".join([command, *(f"{k} {v}" for k, v in words.items())]))
        return run

    def rows(self, command="each"):
        found = []
        answer = self.tell(command)
        while answer:
            found.append(answer)
            answer = self._answer()
        return found

    def next_answer(self):
        """Of what was submitted: its line comes when it comes."""
        return self._answer()

    def kill(self):
        self.child.kill()
        self.close()

    def close(self):
        """Ends it; in good order when it still runs. Once more does nothing."""
        if self.child.stdout.closed:
            return
        try:
            self.child.stdin.close()
        except BrokenPipeError:
            pass
        errors = self.child.stderr.read()
        code = self.child.wait()
        self.child.stdout.close()
        self.child.stderr.close()
        assert code in (0, -9) and not errors, f"{code}: {errors}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.child.kill()
        self.close()


def refused_at_open(world, port, queue, name="till", options=()):
    """Why a queue is not opened."""
    till = Till(world, port, queue, name, options)
    assert till.opened["opened"] is False, till.opened
    till.child.communicate()
    assert till.child.returncode == 1
    return till.opened["error"]
