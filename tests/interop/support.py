"""Where the tests beside this file find their support, and what they share: messages of gRPC's own
services by the real protoc, what npm installed, a club with what most tests want.
"""

import importlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.abspath(f"{__file__}/../../support"))

import frames  # noqa: E402

SKIPPED = 77
RUN_S = 250  # Go compiles all of gRPC
EXAMPLES = f"{frames.SOURCE}/clients/examples"
MODULES = f"{frames.SOURCE}/tests/node_modules"
SERVICES = {"loyalty.v1.AdminService", "loyalty.v1.ClockService",
            "loyalty.v1.ContributionsService", "loyalty.v1.EventsService",
            "loyalty.v1.MembersService", "loyalty.v1.PerksService", "loyalty.v1.PointsService",
            "loyalty.v1.PoolsService", "loyalty.v1.ProgramsService", "loyalty.v1.TillsService",
            "loyalty.v1.RescoringService", "loyalty.v1.ArchiveService",
            "loyalty.v1.MonitorService",
            "google.longrunning.Operations",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}


def need(*packages):
    """Skips the whole test unless npm has installed these."""
    for package in packages:
        if not os.path.exists(f"{MODULES}/{package}"):
            print(f"no {package}: tests/run installs it")
            sys.exit(SKIPPED)


def foreign(folder, *names):
    """Modules of contracts that are not ours, by their names: "grpc/health/v1/health", ..."""
    includes = ["-I/usr/share/grpc-proto", f"-I{frames.SOURCE}/proto"]
    files = [f"{name}.proto" for name in names]
    subprocess.run(["protoc", *includes, f"--python_out={folder}", *files], check=True)
    for name in names:  # the library `grpc` is a package of its own: beside it, not in it
        stem = name.replace("/", "_")
        os.rename(f"{folder}/{name}_pb2.py", f"{folder}/{stem}.py")
    sys.path.insert(0, folder)
    return [importlib.import_module(name.replace("/", "_")) for name in names]


def environment(daemon, **more):
    """As the examples and programs beside this file are told whom to talk to, and as whom."""
    return {**os.environ, "LOYALTY_SERVER": f"127.0.0.1:{daemon.port}",
            "LOYALTY_TLS": daemon.world.tls, "NODE_PATH": MODULES, **more}


def run(arguments, daemon, **more):
    """Runs a program to its end, which must be a good one; gives what it printed."""
    done = subprocess.run(arguments, env=environment(daemon, **more), capture_output=True,
                          text=True, check=False, timeout=RUN_S)
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
