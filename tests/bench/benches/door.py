"""A listening socket with several daemons behind it, as an init system would hand it to each.

    door.py COUNT PIDS COMMAND...

Starts the command, a loyaltyd, COUNT times, each with the socket as LISTEN_FDS has it, writes their
pids to the file PIDS, and ends with them: at SIGTERM, which it passes on, or when one has ended by
itself. A port file is the first one's; those of the others lie beside PIDS.
"""

import os
import signal
import socket
import sys

LISTEN_FD = 3  # SD_LISTEN_FDS_START
AWAITED = {signal.SIGTERM, signal.SIGCHLD}


def start(door, command):
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
        os.dup2(door.fileno(), LISTEN_FD)
        os.set_inheritable(LISTEN_FD, True)  # it may have been there already
        environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execve(command[0], command, environment)
    return pid


def main():
    count, pids_path, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    door = socket.create_server(("127.0.0.1", 0), backlog=1024)
    pids = [start(door, command)]
    pids += [start(door, command + ["--port-file", f"{pids_path}.{n}"]) for n in range(1, count)]
    with open(pids_path, "w", encoding="ascii") as file:
        print(*pids, file=file)
    signal.sigwait(AWAITED)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    sys.exit(0 if not any(codes) else 1)


if __name__ == "__main__":
    main()
