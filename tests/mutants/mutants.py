"""Planted bugs: patches with a header that says what each breaks and which harness must notice.

    what:      one sentence
    caught-by: ctest NAME  |  PROGRAM ARGUMENTS of build/tests, such as loyalty-sim
    says:      a regular expression its output must then contain, so that it is red for this reason
"""

import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
FIELDS = ("what", "caught-by", "says")
HARNESS_S = 600  # a harness that hangs is no catch

# Which targets a test needs, by the beginning of its name; unit.a.b is built as unit_a_b.
TARGETS = (
    ("unit.", None),
    ("property.", None),
    ("fuzz.", None),
    ("failures.", None),
    ("scenario.", ("scenario_runner",)),
    ("model.", ("scenario_runner",)),
    ("power.", ("loyaltyd", "loyaltyctl", "power_shim")),
    ("till.", ("loyaltyd", "loyaltyctl", "till_tool", "loyalty-till")),
    ("operate.", ("loyaltyd", "loyaltyctl", "till_tool", "loyalty-till")),
    ("", ("loyaltyd", "loyaltyctl")),
)


class Broken(Exception):
    """A mutant that cannot be judged."""


class Mutant:
    """One patch with its header."""

    def __init__(self, path):
        self.name = path.stem
        self.path = path
        head = path.read_text(encoding="utf-8").split("\n\n", 1)[0]
        fields = dict(re.findall(r"^([a-z-]+):[ ]+(.*)$", head, re.MULTILINE))
        missing = [field for field in FIELDS if not fields.get(field, "").strip()]
        if missing:
            raise Broken(f"{path.name}: no {', '.join(missing)}")
        self.what, self.caught_by, self.says = (fields[field].strip() for field in FIELDS)
        self.harness = self.caught_by.split()
        re.compile(self.says)

    def targets(self):
        """What has to be built for its harness."""
        if self.harness[0] != "ctest":
            return (self.harness[0],)
        name = self.harness[1]
        for prefix, targets in TARGETS:
            if name.startswith(prefix):
                return targets or (name.replace(".", "_"),)
        raise AssertionError(name)

    def command(self, build):
        """The harness, as a command."""
        if self.harness[0] == "ctest":
            name = re.escape(self.harness[1])
            return ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error",
                    "-R", f"^{name}$"]
        return [str(build / "tests" / self.harness[0]), *self.harness[1:]]


def all_mutants(names=()):
    """Those named, or all."""
    paths = sorted(HERE.glob("*.patch"))
    known = {path.stem: path for path in paths}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Broken(f"no such mutant: {', '.join(unknown)}")
    return [Mutant(known[name]) for name in names] if names else [Mutant(path) for path in paths]


def copy_sources(into):
    """Makes `into` the tracked sources as they are now; what has not changed keeps its time."""
    listed = subprocess.run(["git", "-C", str(SOURCE), "ls-files", "-z"], check=True,
                            capture_output=True, text=True).stdout
    wanted = {name for name in listed.split("\0") if name and (SOURCE / name).is_file()}
    for old in [path for path in into.rglob("*") if path.is_file()]:
        if str(old.relative_to(into)) not in wanted:
            old.unlink()
    for name in wanted:
        new, old = SOURCE / name, into / name
        if not old.exists() or old.read_bytes() != new.read_bytes():
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(new, old)
            shutil.copymode(new, old)


def apply(mutant, tree, *options):
    """Applies a patch below `tree`; gives what went wrong, or an empty text."""
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(tree.parent))
    done = subprocess.run(["git", "apply", *options, str(mutant.path)], cwd=tree, env=environment,
                          capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()


def run_harness(mutant, build):
    """Whether the harness is green, and its output."""
    try:
        done = subprocess.run(mutant.command(build), capture_output=True, text=True,
                              errors="replace", timeout=HARNESS_S, check=False)
    except subprocess.TimeoutExpired:
        return False, "the harness did not end"
    return done.returncode == 0, done.stdout + done.stderr
