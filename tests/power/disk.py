"""A disk that loses its power: of Redis's append-only folder it keeps what was synced, and of the
rest what chance wants, a part of it spoilt.

What was synced, shim.c has written down. The model: a file's synced length is kept; of the bytes
behind it some are, and the last of these may be other bytes than were written. Names (creations,
renames, removals) are kept up to the directory's last sync, and of the later ones the first so
many, in order, as journaling file systems do.
"""

import os
import shutil

import frames

SHIM = os.environ.get("LOYALTY_POWER_SHIM") or os.path.abspath(f"{frames.BIN}/../lib/power_shim.so")
GARBAGE_SHARE = 0.3


class Disk:
    """Below the folder Redis works in."""

    def __init__(self, folder, stall_us):
        self.merciless = False  # keeps nothing that was not synced
        self.directory = f"{folder}/appendonlydir"
        self.kept = f"{folder}/kept"
        self.log = f"{folder}/disk.log"
        self.stall_us = stall_us
        os.makedirs(self.directory)
        os.makedirs(self.kept)
        self._begin_anew()

    def environment(self):
        """For redis-server."""
        assert os.path.exists(SHIM), f"{SHIM} is not built"
        return {"LD_PRELOAD": SHIM, "POWER_LOG": self.log, "POWER_DIRECTORY": self.directory,
                "POWER_KEPT": self.kept, "POWER_STALL_US": str(self.stall_us)}

    def _names_now(self):
        with os.scandir(self.directory) as entries:
            return {entry.name: entry.inode() for entry in entries}

    def _begin_anew(self):
        """All that is there is on disk."""
        names = self._names_now()
        shutil.rmtree(self.kept)
        os.mkdir(self.kept)
        lines = []
        for name, inode in names.items():
            path = f"{self.directory}/{name}"
            os.link(path, f"{self.kept}/{inode}")
            lines.append(f"S {inode} {os.path.getsize(path)}\n")
        lines.append("D" + "".join(f" {inode} {name}" for name, inode in names.items()) + "\n")
        with open(self.log, "w", encoding="ascii") as file:
            file.writelines(lines)

    # --- the cut ---

    def cut(self, random):
        """Redis is dead. Gives what was lost: a dict of bytes and names."""
        synced, listings = self._read_log()
        if listings[-1] != self._names_now():
            listings.append(self._last_names())  # killed before it could write that down
        mercy = not self.merciless and random.random() < 0.5
        chosen = random.randrange(len(listings)) if mercy else 0
        lost = {"names": len(listings) - 1 - chosen, "bytes": 0, "torn": 0, "garbage": 0}
        for inode in set(listings[chosen].values()):
            self._tear(f"{self.kept}/{inode}", synced.get(inode, 0), lost, random)
        shutil.rmtree(self.directory)
        os.mkdir(self.directory)
        for name, inode in listings[chosen].items():
            os.link(f"{self.kept}/{inode}", f"{self.directory}/{name}")
        self._begin_anew()
        return lost

    def _last_names(self):
        names = self._names_now()
        for name, inode in names.items():
            if not os.path.exists(f"{self.kept}/{inode}"):
                os.link(f"{self.directory}/{name}", f"{self.kept}/{inode}")
        return names

    def sees(self):
        """Whether anything was written down since the last cut: else the shim is not at work."""
        with open(self.log, encoding="ascii") as file:
            return sum(line[0] in "SD" for line in file) > len(self._names_now()) + 1

    def _read_log(self):
        """Synced length by inode; the names as they were at the last sync of the directory, and
        after each change since."""
        synced = {}
        listings = []
        with open(self.log, encoding="ascii") as file:
            for line in file:
                kind, *words = line.split()
                if kind in "SC":
                    inode, length = map(int, words)
                    synced[inode] = length if kind == "S" else min(synced.get(inode, 0), length)
                else:
                    names = {name: int(inode) for inode, name in zip(words[::2], words[1::2])}
                    listings = [names] if kind == "D" else listings + [names]
        return synced, listings

    def _tear(self, path, synced, lost, random):
        """Leaves some of what was not synced, the end of it garbage now and then."""
        size = os.path.getsize(path)
        assert synced <= size, f"{path}: {size} bytes, {synced} synced"
        torn = random.choice([0, size - synced, random.randint(0, size - synced)])
        torn = 0 if self.merciless else torn
        garbage = random.randint(0, torn) if random.random() < GARBAGE_SHARE else 0
        with open(path, "r+b") as file:
            file.truncate(synced + torn)
            file.seek(synced + torn - garbage)
            file.write(bytes(garbage) if random.random() < 0.5 else random.randbytes(garbage))
        lost["bytes"] += size - synced - torn
        lost["torn"] += torn
        lost["garbage"] += garbage
