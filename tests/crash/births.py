"""Kills while two daemons bring an empty Redis to life: whatever was half done, the next start
finishes it, and the club that opens then is whole.
"""

import frames
import ledger
import points
import scene
import victims
import world
from scene import now_ms

COMMANDS = ("create_partition", "set_partitions")
PARTITIONS = 16
NTH = {"create_partition": 9, "set_partitions": 1}  # in the middle of them


class Births(victims.Victims):
    """Redis stays, emptied before each birth."""

    def __init__(self):
        super().__init__(daemons=0, publish=False)

    def run(self, point):
        for daemon in self.daemons:
            daemon.kill()
        self.redis.command("FLUSHALL")
        trap = points.trap_of(self, point, NTH[point[0]])
        self.set_trap(trap)
        with self.starting:
            self.daemons = [self.start_daemon(f"daemon-{number}", wait=False)
                            for number in range(2)]
        points.wait_for(self, trap)
        self.mend()
        self._check()

    def _check(self):
        world.wait_for(lambda: self.redis.command("GET", "ly:{meta}:partitions")
                       == b"%d" % PARTITIONS, "the partitions to be there")
        for partition in ("meta", *range(PARTITIONS)):
            keys = [f"ly:{{{partition}}}:{name}" for name in ("ev", "due", "arch")]
            assert self.redis.command("EXISTS", *keys) == len(keys), keys
        self.world.publish(self.daemons[0])
        world.wait_for(lambda: self.knows_program(self.daemons[0]), "the program to be known")
        self.enrol("anna")
        with self.client() as client:
            scene.must(client.call("Award", frames.award_request("anna", 10_000, now_ms())))
        assert self.totals()["balance"] == 100, self.totals()
        ledger.Stored().read(self.redis)
