#!/usr/bin/python3
"""The way of one daemon to its Redis, as a process of its own:

    lane.py PATH TARGET    passes on to the socket TARGET what comes to the socket PATH

Paused (SIGSTOP), it holds what was sent, in either direction, while the other daemon's way is free;
let go, it delivers all of it, also what was sent by who has hung up since. Killed, the way is cut.
"""

import signal
import sys

import support  # noqa: F401 (finds the rest)
import cable


def main():
    cable.Cable(sys.argv[1], sys.argv[2])
    signal.pause()


if __name__ == "__main__":
    main()
