"""A small client of the frames face (proto/loyalty/v1/frame.proto), for tests in Python.

Blocking, one connection, pipelined as one likes. The messages are those of the contract, generated
by protoc when first needed; `from frames import points` and so on gives the modules.
"""

import collections
import datetime
import importlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import uuid

SOURCE = os.environ.get("LOYALTY_SOURCE") or os.path.abspath(f"{__file__}/../../..")
BIN = os.environ.get("LOYALTY_BIN") or f"{SOURCE}/build/asan-ubsan/bin"
FRAME_BYTES_MAX = 65536


def load_messages():
    """The generated modules by name; made anew when the contract is younger than they are."""
    folder = os.path.abspath(f"{BIN}/../python")
    proto = f"{SOURCE}/proto"
    files = sorted(f"loyalty/v1/{name}" for name in os.listdir(f"{proto}/loyalty/v1")
                   if name.endswith(".proto"))
    names = [os.path.basename(file)[:-len(".proto")] for file in files]
    files += ["google/longrunning/operations.proto", "google/rpc/status.proto"]
    newest = max(os.stat(f"{proto}/{file}").st_mtime for file in files)
    made = [f"{folder}/loyalty/v1/{name}_pb2.py" for name in names]
    if not all(os.path.exists(path) and os.stat(path).st_mtime > newest for path in made):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["protoc", f"-I{proto}", f"--python_out={folder}", *files], check=True)
    sys.path.insert(0, folder)
    return {name: importlib.import_module(f"loyalty.v1.{name}_pb2") for name in names}


MODULES = load_messages()
admin = MODULES["admin"]
clock = MODULES["clock"]
common = MODULES["common"]
frame = MODULES["frame"]
members = MODULES["members"]
points = MODULES["points"]
program = MODULES["program"]
programs = MODULES["programs"]
rescoring = MODULES["rescoring"]
tills = MODULES["tills"]
operations = importlib.import_module("google.longrunning.operations_pb2")
METHODS = {f"/{service.full_name}/{method.name}": method
           for module in [*MODULES.values(), operations]
           for service in module.DESCRIPTOR.services_by_name.values()
           for method in service.methods}
SHORT = {path.rsplit("/", 1)[1]: path for path in METHODS}

Reply = collections.namedtuple("Reply", "message error replayed")


class Closed(Exception):
    """The server closed the connection."""


def tls_context(folder, name, alpn="loyalty/1"):
    """As the certificate `name` of a folder made by loyaltyctl cert; None: without one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(f"{folder}/ca.pem")
    if name is not None:
        context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


class Client:
    """One connection. Raises Closed when the server is gone, TimeoutError when it is silent."""

    def __init__(self, port, context, timeout_s=20):
        self.correlation = 0
        self.waiting = {}
        self.bytes = b""
        raw = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = raw
        self.socket = context.wrap_socket(raw, server_hostname="127.0.0.1")

    def close(self):
        self.socket.close()

    def __del__(self):
        if hasattr(self, "socket"):
            self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed(str(error)) from error

    def submit(self, method, request, timeout_ms=0):
        """Sends a request; gives its correlation id. A method by its path or its last word."""
        path = SHORT.get(method, method)
        self.correlation += 1
        payload = request if isinstance(request, bytes) else request.SerializeToString()
        envelope = frame.RequestEnvelope(correlation_id=self.correlation, method=path,
                                         timeout_ms=timeout_ms, payload=payload).SerializeToString()
        self.waiting[self.correlation] = path
        self.send_bytes(struct.pack(">I", len(envelope)) + envelope)
        return self.correlation

    def _read(self, count):
        while len(self.bytes) < count:
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                raise
            except OSError as error:
                raise Closed(str(error)) from error
            if not more:
                raise Closed("end of stream")
            self.bytes += more
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def receive(self):
        """The next answer that comes: (correlation id, Reply). That the server asks us to go is no
        answer: it ends the connection itself when it owes nothing."""
        while True:
            length = struct.unpack(">I", self._read(4))[0]
            assert length <= FRAME_BYTES_MAX, length
            envelope = frame.ReplyEnvelope.FromString(self._read(length))
            if envelope.WhichOneof("result") != "goaway":
                break
        path = self.waiting.pop(envelope.correlation_id)
        if envelope.WhichOneof("result") == "error":
            return envelope.correlation_id, Reply(None, envelope.error, envelope.replayed)
        answer = METHODS[path].output_type._concrete_class.FromString(envelope.payload)
        return envelope.correlation_id, Reply(answer, None, envelope.replayed)

    def call(self, method, request, timeout_ms=0):
        """One request and its answer; nothing else may be in flight."""
        self.submit(method, request, timeout_ms)
        return self.receive()[1]

    def ask(self, method, request):
        """As call, for what must be answered well."""
        reply = self.call(method, request)
        assert reply.error is None or not reply.error.code, f"{method}: {reply.error}"
        return reply.message

    def each(self, requests, window=128):
        """Pipelines (key, method, request); yields (key, Reply) in the order they come."""
        keys = {}
        for key, method, request in requests:
            if len(keys) >= window:
                correlation, reply = self.receive()
                yield keys.pop(correlation), reply
            keys[self.submit(method, request)] = key
        while keys:
            correlation, reply = self.receive()
            yield keys.pop(correlation), reply


# --- requests ---

def stamp(instant_ms):
    """A Timestamp's fields, as keyword arguments of protobuf's constructors take it."""
    return {"seconds": instant_ms // 1000, "nanos": instant_ms % 1000 * 1_000_000}


def instant_ms(timestamp):
    return timestamp.seconds * 1000 + timestamp.nanos // 1_000_000


def utc_ms(text):
    """RFC 3339 with an offset."""
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def new_id():
    return str(uuid.uuid4())


def mutation(request_id, created_ms, **more):
    return common.Mutation(request_id=request_id or new_id(), created_at=stamp(created_ms), **more)


def member_ref(member_id):
    return common.MemberRef(member_id=member_id)


def enrol_request(member_id, created_ms, request_id=None, enrolled_ms=None):
    request = members.EnrollRequest(mutation=mutation(request_id, created_ms), member_id=member_id)
    if enrolled_ms is not None:
        request.enrolled_at.CopyFrom(type(request.enrolled_at)(**stamp(enrolled_ms)))
    return request


def award_request(member_id, minor, created_ms, request_id=None, currency="CNY", **sale):
    lines = [points.SaleLine(amount_minor=minor)]
    return points.AwardRequest(mutation=mutation(request_id, created_ms),
                               member=member_ref(member_id),
                               sale=points.Sale(currency=currency, lines=lines, **sale))


def redeem_request(member_id, count, created_ms, request_id=None):
    return points.RedeemRequest(mutation=mutation(request_id, created_ms),
                                member=member_ref(member_id), points=count)


def reserve_request(member_id, count, created_ms, request_id=None, **more):
    return points.ReserveRequest(mutation=mutation(request_id, created_ms),
                                 member=member_ref(member_id), points=count, **more)


def capture_request(member_id, reservation, created_ms, request_id=None, **more):
    return points.CaptureRequest(mutation=mutation(request_id, created_ms),
                                 member=member_ref(member_id), reservation_id=reservation, **more)


def release_request(member_id, reservation, created_ms, request_id=None, **more):
    return points.ReleaseRequest(mutation=mutation(request_id, created_ms),
                                 member=member_ref(member_id), reservation_id=reservation, **more)


def reverse_request(member_id, original, created_ms, request_id=None, **more):
    """`original` is a request; `created_ms` of this one."""
    return points.ReverseRequest(mutation=mutation(request_id, created_ms),
                                 member=member_ref(member_id),
                                 original_request_id=original.mutation.request_id,
                                 original_created_at=original.mutation.created_at, **more)


def get_member_request(member_id):
    return members.GetMemberRequest(member=member_ref(member_id))
