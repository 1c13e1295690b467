"""Redis's protocol, as far as finding where a command or a reply ends and what it is called."""


def end_of(data, start):
    """The index behind the value that begins at `start`; -1 when it is not whole yet."""
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        return -1
    kind = data[start:start + 1]
    after = line_end + 2
    if kind in b"+-:":
        return after
    count = int(data[start + 1:line_end])
    if count < 0:
        return after
    if kind == b"$":
        end = after + count + 2
        return end if end <= len(data) else -1
    assert kind == b"*", data[start:start + 40]
    for _ in range(count):
        after = end_of(data, after)
        if after < 0:
            return -1
    return after


class Splitter:
    """Bytes as they come in, whole values out."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        self.rest += data
        values = []
        start = 0
        while start < len(self.rest) and (end := end_of(self.rest, start)) >= 0:
            values.append(self.rest[start:end])
            start = end
        self.rest = self.rest[start:]
        return values


def words(command, most):
    """The first words of a command, which is an array of strings."""
    found = []
    at = command.index(b"\r\n") + 2
    while at < len(command) and len(found) < most:
        line_end = command.index(b"\r\n", at)
        length = int(command[at + 1:line_end])
        found.append(command[line_end + 2:line_end + 2 + length])
        at = line_end + 2 + length + 2
    return found


def name_of(command):
    """What a command is called here: "config", "getrange", of functions "append_if" and so on,
    "publish" for an append to the program's own log, "load" for the loading of functions."""
    found = words(command, 4)
    name = found[0].decode().lower()
    if name == "fcall":
        name = found[1].decode().removeprefix("ly1_")
        return "publish" if name == "append_if" and found[3].startswith(b"ly:{meta}") else name
    if name == "function":
        return found[1].decode().lower()
    return name
