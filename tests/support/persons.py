"""A club whose daemons know persons: they have a key for profiles, and the program says more than
retail.yaml does.
"""

import os

import frames
import scene
import world


class Club(scene.Scene):
    """`open` publishes retail.yaml with `earns` before its earning rules and `rules` at its end."""

    def start_daemon(self, name, *more, **how):
        self.profile_key = f"{self.world.folder}/profile.key"
        if not os.path.exists(self.profile_key):
            self.make_key(self.profile_key)
        return super().start_daemon(name, "--profile-key", self.profile_key, *more, **how)

    @staticmethod
    def make_key(path):
        with open(path, "w", encoding="ascii") as file:
            file.write(os.urandom(32).hex() + "\n")

    def open(self, rules, earns=""):
        path = f"{self.world.folder}/club.yaml"
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as retail, \
                open(path, "w", encoding="utf-8") as file:
            file.write(retail.read().replace("  rules:\n", f"  rules:\n{earns}", 1) + rules)
        self.world.ctl("program", "publish", path, "--effective-from", "1996-01-01T00:00:00Z",
                       daemon=self.daemons[0])
        for daemon in self.daemons:
            world.wait_for(lambda d=daemon: self.knows_program(d), "the program to be known")
