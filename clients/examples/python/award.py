#!/usr/bin/python3
"""Awards a sale to a member over gRPC, then looks the member up.

    LOYALTY_SERVER=127.0.0.1:7411 LOYALTY_TLS=tls LOYALTY_AS=till award.py MEMBER AMOUNT_MINOR

Needs Debian's python3-grpcio, python3-protobuf, protobuf-compiler and protobuf-compiler-grpc. The
client's code is generated from the contract (proto/) as the program starts; a real client would
generate it when it is built.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid

import grpc

PROTO = os.path.abspath(f"{__file__}/../../../../proto")
DEADLINE_S = 5
ATTEMPTS = 8
RETRY_S = 0.2
OPEN_OR_LATER = (
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED,  # not executed: later
    grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED,       # perhaps executed: ask again
    grpc.StatusCode.INTERNAL, grpc.StatusCode.CANCELLED)


def generate():
    """Makes Python of the contract and has it found by `import`."""
    folder = tempfile.TemporaryDirectory()
    files = [f"loyalty/v1/{name}.proto" for name in ("common", "members", "points")]
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={folder.name}",
                    "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
                    f"--grpc_out={folder.name}", *files], check=True)
    sys.path.insert(0, folder.name)
    return folder  # goes away with the program


GENERATED = generate()

from loyalty.v1 import members_pb2, members_pb2_grpc  # noqa: E402
from loyalty.v1 import points_pb2, points_pb2_grpc  # noqa: E402


def connect():
    """A channel that shows this client's certificate and believes only the club's authority."""
    tls, name = os.environ["LOYALTY_TLS"], os.environ.get("LOYALTY_AS", "till")
    pems = []
    for file in ("ca.pem", f"{name}.key", f"{name}.pem"):
        with open(f"{tls}/{file}", "rb") as pem:
            pems.append(pem.read())
    return grpc.secure_channel(os.environ["LOYALTY_SERVER"], grpc.ssl_channel_credentials(*pems))


def award_request(member_id, amount_minor):
    """One intent: its request_id and instant are made once and kept for every retry."""
    request = points_pb2.AwardRequest()
    request.mutation.request_id = str(uuid.uuid4())
    request.mutation.created_at.GetCurrentTime()
    request.member.member_id = member_id
    request.sale.currency = "CNY"
    request.sale.lines.add(amount_minor=amount_minor)
    return request


def certainly(method, request):
    """Asks until the answer is definite: (response, whether it is an answer given before)."""
    for attempt in range(ATTEMPTS):
        try:
            response, call = method.with_call(request, timeout=DEADLINE_S)
            return response, ("loyalty-replayed", "true") in call.trailing_metadata()
        except grpc.RpcError as error:
            if error.code() not in OPEN_OR_LATER or attempt + 1 == ATTEMPTS:
                raise
            time.sleep(RETRY_S * 2 ** attempt)
    raise AssertionError("not reached")


def main(member_id, amount_minor):
    with connect() as channel:
        points = points_pb2_grpc.PointsServiceStub(channel)
        members = members_pb2_grpc.MembersServiceStub(channel)
        request = award_request(member_id, amount_minor)
        award, replayed = certainly(points.Award, request)
        print(f"awarded {award.points}, balance {award.standing.balance}, replayed {replayed}")
        again, replayed = certainly(points.Award, request)
        print(f"awarded {again.points}, balance {again.standing.balance}, replayed {replayed}")
        found, _ = certainly(members.GetMember,
                             members_pb2.GetMemberRequest(member=request.member))
        print(f"member {found.member_id}, balance {found.standing.balance}, "
              f"tier {found.standing.tier_id}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: award.py MEMBER AMOUNT_MINOR")
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except grpc.RpcError as refused:
        sys.exit(f"{refused.code().name}: {refused.details()}")
