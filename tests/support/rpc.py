"""Clients of the HTTP/2 face, for tests in Python: gRPC by grpcio, gRPC-Web and Connect (and gRPC
too, where its library would not do what a test wants) by python3-h2 over a socket.

All answers come in one shape, whatever the face: Answer(code, reason, field, message, bytes,
replayed, fields); `bytes` is the response in the form it had, binary or JSON text.
"""

import base64
import collections
import json
import socket
import struct

import grpc
import h2.config
import h2.connection
import h2.events
from google.protobuf import any_pb2, json_format

import frames

Answer = collections.namedtuple("Answer", "code reason field message bytes replayed fields")
Response = collections.namedtuple("Response", "status fields body trailers reset")

CODES = {name[len("CODE_"):].lower(): number for name, number in frames.common.Code.items()}
FACES = ("grpc", "grpc+json", "grpc-web", "grpc-web+json", "proto", "json")


class Closed(Exception):
    """The connection ended."""


class Http2:
    """One connection and its streams, blocking. As the certificate `name` of a folder."""

    def __init__(self, port, tls, name, timeout_s=20):
        context = frames.tls_context(tls, name, alpn="h2")
        raw = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="127.0.0.1")
        assert self.socket.selected_alpn_protocol() == "h2"
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.connection = h2.connection.H2Connection(config)
        self.connection.initiate_connection()
        self.streams = {}
        self.goaway = None
        self.flush()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def turn(self):
        """Reads what comes next and takes it in."""
        data = self.socket.recv(65536)
        if not data:
            raise Closed()
        for event in self.connection.receive_data(data):
            self.take(event)
        self.flush()

    def take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code
        if stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            stream["head"] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            stream["body"] += event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length,
                                                      event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            stream["trailers"] = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            stream["ended"] = True
        elif isinstance(event, h2.events.StreamReset):
            stream["reset"] = event.error_code
            stream["ended"] = True

    def begin(self, path, fields, method="POST"):
        """Sends the head of a request; gives its stream."""
        number = self.connection.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "https"), (":authority", "127.0.0.1"),
                (":path", path), *fields]
        self.streams[number] = {"head": None, "body": b"", "trailers": {}, "ended": False,
                                "reset": None}
        self.connection.send_headers(number, head)
        self.flush()
        return number

    def send(self, number, data, last=False):
        """A piece of the body, as the windows let it; less when it is answered before."""
        while (data or last) and not self.streams[number]["ended"]:
            room = max(0, min(self.connection.local_flow_control_window(number),
                              self.connection.max_outbound_frame_size))
            piece, data = data[:room], data[room:]
            ends = last and not data
            if piece or ends:
                self.connection.send_data(number, piece, end_stream=ends)
                self.flush()
            if ends:
                return
            if data and not piece:
                self.turn()

    def finish(self, number):
        """Waits for the whole answer."""
        stream = self.streams[number]
        while not stream["ended"]:
            self.turn()
        del self.streams[number]
        head = stream["head"] or {}
        return Response(int(head.get(":status", 0)), head, stream["body"], stream["trailers"],
                        stream["reset"])

    def messages(self, number, count):
        """Waits until so many framed messages have come; gives them."""
        stream = self.streams[number]
        while True:
            found = [part for flag, part in parts_of(stream["body"]) if flag == 0]
            if len(found) >= count:
                return found
            assert not stream["ended"], stream
            self.turn()

    def request(self, path, fields, body, method="POST"):
        number = self.begin(path, fields, method)
        self.send(number, body, last=True)
        return self.finish(number)


def parts_of(body):
    """(flag, bytes) of each message of a framed body; what is not whole is left out."""
    parts = []
    while len(body) >= 5:
        flag, length = struct.unpack(">BI", body[:5])
        if len(body) < 5 + length:
            break
        parts.append((flag, body[5:5 + length]))
        body = body[5 + length:]
    return parts


def framed(message, flag=0):
    return struct.pack(">BI", flag, len(message)) + message


def content_type(face):
    return f"application/{face}"


def is_json(face):
    return face.endswith("json")


def is_framed(face):
    return face.startswith("grpc")


def encode(face, request):
    """A message of the contract as the body of a request; bytes are taken as they are."""
    if isinstance(request, bytes):
        data = request
    elif is_json(face):
        data = json_format.MessageToJson(request).encode()
    else:
        data = request.SerializeToString()
    return framed(data) if is_framed(face) else data


def error_details(items):
    """Reason and field out of google.rpc details: (type, bytes) each."""
    reason, field = "", ""
    for kind, data in items:
        fields = wire_fields(data)
        if kind.endswith("google.rpc.ErrorInfo"):
            reason = fields.get(1, b"").decode()
        if kind.endswith("google.rpc.BadRequest"):
            field = wire_fields(fields[1]).get(1, b"").decode()
    return reason, field


def wire_fields(data):
    """The last value of each length-delimited field of a message; others are passed over."""
    fields = {}
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            varint()
            continue
        assert tag & 7 == 2, tag
        length = varint()
        fields[tag >> 3] = data[at:at + length]
        at += length
    return fields


def pad(text):
    return text + "=" * (-len(text) % 4)


def status_details(text):
    """The details in a grpc-status-details-bin."""
    data = base64.b64decode(pad(text))
    status = wire_status(data)
    return [(any_.type_url, any_.value) for any_ in status]


def wire_status(data):
    """The Anys of a google.rpc.Status."""
    found = []
    at = 0
    while at < len(data):
        tag = data[at]
        at += 1
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        if tag & 7 == 2:
            if tag >> 3 == 3:
                found.append(any_pb2.Any.FromString(data[at:at + value]))
            at += value
    return found


def read_grpc(face, response):
    """An answer of gRPC or gRPC-Web."""
    assert response.status == 200, response
    assert response.fields["content-type"] == content_type(face), response
    parts = parts_of(response.body)
    trailers = dict(response.trailers)
    for flag, part in parts:
        if flag == 0x80:
            assert face.startswith("grpc-web")
            lines = part.decode().split("\r\n")[:-1]
            trailers = dict(line.split(": ", 1) for line in lines)
    if not parts:
        trailers = {**response.fields, **trailers}
    code = int(trailers["grpc-status"])
    reason, field = error_details(status_details(trailers.get("grpc-status-details-bin", "")))
    messages = [part for flag, part in parts if flag == 0]
    return Answer(code, reason, field, trailers.get("grpc-message", ""),
                  messages[0] if messages else b"", trailers.get("loyalty-replayed") == "true",
                  {**response.fields, **trailers})


def read_connect(face, response):
    replayed = response.fields.get("loyalty-replayed") == "true"
    if response.status == 200:
        assert response.fields["content-type"] == content_type(face), response
        return Answer(0, "", "", "", response.body, replayed, response.fields)
    assert response.fields["content-type"] == "application/json", response
    error = json.loads(response.body)
    items = [(item["type"], base64.b64decode(pad(item["value"]))) for item in error["details"]]
    reason, field = error_details(items)
    return Answer(CODES[error["code"]], reason, field, error["message"], b"", replayed,
                  response.fields)


def read(face, response):
    return read_grpc(face, response) if is_framed(face) else read_connect(face, response)


class Caller:
    """Unary calls over one connection, in whichever face is asked for."""

    def __init__(self, daemon, name):
        self.http = Http2(daemon.port, daemon.world.tls, name)

    def close(self):
        self.http.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, face, method, request, *more):
        """`method` by its path or its last word; `more` are further fields (name, value)."""
        path = frames.SHORT.get(method, method)
        fields = [("content-type", content_type(face)), *more]
        return read(face, self.http.request(path, fields, encode(face, request)))


def message_of(face, method, answer):
    """The response of an answer as a message."""
    kind = frames.METHODS[frames.SHORT.get(method, method)].output_type._concrete_class
    if is_json(face):
        return json_format.Parse(answer.bytes.decode(), kind())
    return kind.FromString(answer.bytes)


# --- grpcio ---

def channel(daemon, name, options=()):
    """A channel of the real library, as the certificate `name`."""
    tls = daemon.world.tls
    pems = []
    for file in ("ca.pem", f"{name}.key", f"{name}.pem"):
        with open(f"{tls}/{file}", "rb") as pem:
            pems.append(pem.read())
    credentials = grpc.ssl_channel_credentials(*pems)
    return grpc.secure_channel(f"127.0.0.1:{daemon.port}", credentials, options)


def stub(opened, method):
    """The unary method of a channel, for with_call."""
    path = frames.SHORT.get(method, method)
    kind = frames.METHODS[path].output_type._concrete_class
    return opened.unary_unary(path, request_serializer=lambda message: message
                              if isinstance(message, bytes) else message.SerializeToString(),
                              response_deserializer=kind.FromString)
