"""What happens to daemons and Redis while a history runs: they are killed, ended in an orderly way,
paused, cut off, started again. Whatever a fault does, it undoes: afterwards everything runs.
"""

import time

import support  # noqa: F401 (finds the rest)
import scene


class Faults:
    """`random` chooses among `kinds`; `done` are the names of what was done."""

    def __init__(self, club, random, kinds):
        self.club = club
        self.random = random
        self.kinds = kinds
        self.done = []

    ALL = ("kill_daemon", "kill_daemon", "stop_daemon", "pause_daemon", "pause_daemon",
             "kill_redis", "kill_redis", "stop_redis", "pause_redis", "kill_while_paused",
             "kill_all", "hold_lane", "hold_lane", "cut_lane")
    # Those that make what was sent come late, and little else.
    LATE = ("hold_lane", "hold_lane", "hold_lane", "pause_redis", "pause_daemon", "cut_lane")

    def strike(self):
        """One fault, and its end."""
        kind = self.random.choice(self.kinds)
        self.done.append(kind)
        getattr(self, kind)()

    def heal(self):
        """Everything runs; waits until it serves."""
        for daemon in self.club.daemons:
            scene.world.wait_for(daemon.serves, "a daemon to serve again")

    def rest(self, seconds):
        time.sleep(self.random.uniform(0, seconds))

    def some_daemon(self):
        return self.random.randrange(len(self.club.daemons))

    # --- one daemon ---

    def kill_daemon(self):
        number = self.some_daemon()
        self.club.daemons[number].kill()
        self.rest(0.2)
        self.club.restart(number)

    def stop_daemon(self):
        number = self.some_daemon()
        assert self.club.daemons[number].stop() == 0, self.club.daemons[number].output()
        self.club.restart(number)

    def pause_daemon(self):
        """Long enough, at times, for its clients to turn to the other one."""
        daemon = self.club.daemons[self.some_daemon()]
        daemon.pause()
        self.rest(self.random.choice((0.1, 1.2)))
        daemon.go_on()

    # --- Redis ---

    def kill_redis(self):
        self.club.redis.kill()
        self.rest(0.1)
        self.club.restart_redis()

    def stop_redis(self):
        self.club.redis.stop()
        self.club.restart_redis()

    def pause_redis(self):
        """At times longer than a daemon waits for a command."""
        self.club.redis.pause()
        self.rest(self.random.choice((0.1, 0.5, 2.6)))
        self.club.redis.go_on()

    # --- the way of the first daemon to Redis ---

    def hold_lane(self):
        """What the daemon sent comes late: at times after it has given up and its clients have
        asked the other one."""
        self.club.lane.pause()
        self.rest(self.random.choice((0.3, 1, 3)))
        self.club.lane.go_on()

    def cut_lane(self):
        self.club.lane.kill()
        self.rest(0.1)
        self.club.start_lane()

    # --- both ---

    def kill_while_paused(self):
        """What a daemon has sent waits before a Redis that stands still; the daemon dies, and its
        commands come to be executed when nobody is there to be told."""
        number = self.some_daemon()
        self.club.redis.pause()
        self.rest(0.2)
        self.club.daemons[number].kill()
        self.club.restart(number)
        self.rest(0.2)
        self.club.redis.go_on()

    def kill_all(self):
        for daemon in self.club.daemons:
            daemon.kill()
        self.kill_redis()
        for number in range(len(self.club.daemons)):
            self.club.restart(number)
