"""A program of the tests' own in force on a sandbox's clock, which only goes forward; times are
local ones of Shanghai.
"""

import frames
import world


class Club:
    """The retail program and `more` of a document, in force since 1996."""

    def __init__(self, scene, began, more=""):
        self.scene = scene
        self.now_ms = 0
        self.to(began)
        document = f"{scene.world.folder}/club.yaml"
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as retail, \
                open(document, "w", encoding="utf-8") as file:
            file.write(f"{retail.read()}\n{more}\n")
        scene.world.ctl("program", "publish", document, "--effective-from",
                        "1996-01-01T00:00:00Z", daemon=scene.daemons[0])
        for daemon in scene.daemons:
            world.wait_for(lambda d=daemon: scene.knows_program(d), "the program to be known")

    def to(self, text):
        """Sets the clock."""
        self.scene.world.ctl("clock", "set", f"{text}+08:00", daemon=self.scene.daemons[0])
        self.now_ms = frames.utc_ms(f"{text}+08:00")

    def enrol(self, *members):
        with self.scene.client("backend") as client:
            for member in members:
                client.ask("Enroll", frames.enrol_request(member, self.now_ms))
