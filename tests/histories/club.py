"""The club of the histories: two daemons on one Redis, the first by way of a lane that can be held,
and a program in which only requests move points.
"""

import os
import sys

import support  # noqa: F401 (finds the rest)
import scene

PROGRAM = "../tests/histories/one_tier.yaml"
COMPACT_BYTES = "20000"


class Club(scene.Scene):
    """As any scene, and `lane`, a process."""

    def __init__(self):
        self.lane = None
        super().__init__(daemons=2, options=("--compact-bytes", COMPACT_BYTES), publish=False)
        self.world.publish(self.daemons[0], PROGRAM)
        for daemon in self.daemons:
            scene.world.wait_for(lambda d=daemon: self.knows_program(d), "the program to be known")

    def start_daemon(self, name, *more, path=None):
        if name == "daemon-0":
            if self.lane is None:
                self.start_lane()
            path = self.lane_path()
        return super().start_daemon(name, *more, path=path)

    def lane_path(self):
        return f"{self.world.folder}/lane"

    def start_lane(self):
        if os.path.exists(self.lane_path()):
            os.unlink(self.lane_path())
        script = f"{os.path.dirname(os.path.abspath(__file__))}/lane.py"
        self.lane = scene.world.Process([sys.executable, script, self.lane_path(),
                                         self.redis.path], f"{self.world.folder}/lane.log")
        scene.world.wait_for(lambda: os.path.exists(self.lane_path()), "the lane to be open")

    def restart(self, number):
        """Starts a daemon that has ended."""
        self.daemons[number] = self.start_daemon(f"daemon-{number}")

    def finish(self):
        super().finish()
        self.lane.kill()
