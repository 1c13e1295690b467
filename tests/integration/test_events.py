#!/usr/bin/python3
"""Events as a stream, with a real daemon, a real Redis and unmodified clients (grpcio; Connect over
HTTP/2). What is told is held against the streams as they are stored (support/ledger.py): every
record of every member at least once, in order for each of them, none missing, whoever is killed.

    test_events.py [Stream | Resume | Missed]    one of the tests events.stream and so on
    LOYALTY_SECONDS=60, LOYALTY_SEED=7           longer, or the same kills again
"""

import collections
import json
import os
import random
import subprocess
import sys
import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import grpc
import ledger
import rpc
import scene
import world
from frames import MODULES
from scene import now_ms

EVENTS = MODULES["events"]
SECONDS = float(os.environ.get("LOYALTY_SECONDS", "8"))
SEED = int(os.environ.get("LOYALTY_SEED", str(random.SystemRandom().randrange(1 << 32))))
SUBSCRIBE = "/loyalty.v1.EventsService/Subscribe"
MEMBERS = [f"member-{i}" for i in range(30)]
TYPE = EVENTS.EventType
Told = collections.namedtuple("Told", "partition number member seq part type")


def subscribe(channel, **request):
    call = channel.unary_stream(SUBSCRIBE,
                                request_serializer=EVENTS.SubscribeRequest.SerializeToString,
                                response_deserializer=EVENTS.SubscribeResponse.FromString)
    return call(EVENTS.SubscribeRequest(**request))


def told_of(message):
    return [Told(event.place.partition, event.place.number, event.member_id, event.seq, event.part,
                 TYPE.Name(event.type)[len("EVENT_TYPE_"):]) for event in message.events]


def acknowledge(channel, consumer, places):
    return rpc.stub(channel, "Acknowledge")(
        EVENTS.AcknowledgeRequest(consumer=consumer, places=places))


def take(stream, wanted, seconds=world.WAIT_S):
    """Messages until `wanted` of all that was told so far holds; gives them. A stream that says
    nothing ends the wait by its signs of life."""
    messages = []
    end = time.monotonic() + seconds
    for message in stream:
        messages.append(message)
        if wanted(messages):
            return messages
        assert time.monotonic() < end, f"waited {seconds} s; {len(messages)} messages"
    raise AssertionError("the stream has ended")


def count_told(messages):
    return sum(len(message.events) for message in messages)


class Club(unittest.TestCase):
    def setUp(self):
        self.scene = scene.Scene()

    def tearDown(self):
        for daemon in self.scene.daemons:
            daemon.stop()
            self.assertNotIn("runtime error", daemon.output())
            self.assertNotIn("Sanitizer", daemon.output())
        self.scene.redis.kill()

    def channel(self, name="backend"):
        channel = rpc.channel(self.scene.daemons[0], name,
                              (("grpc.use_local_subchannel_pool", 1),))
        self.addCleanup(channel.close)
        return channel

    def award(self, member, times=1):
        with self.scene.client() as client:
            for _ in range(times):
                client.ask("Award", frames.award_request(member, 10000, now_ms()))


class Stream(Club):
    def test_events_come_as_they_happen(self):
        self.scene.enrol("anna")
        stream = subscribe(self.channel(), consumer="crm")
        first = take(stream, lambda all_: count_told(all_) >= 1)
        self.assertEqual([told.type for told in told_of(first[0])], ["ENROLLED"])
        self.award("anna", 3)
        told = [one for message in take(stream, lambda all_: count_told(all_) >= 3)
                for one in told_of(message)]
        self.assertEqual([(one.type, one.seq) for one in told],
                         [("AWARDED", 2), ("AWARDED", 3), ("AWARDED", 4)])
        stream.cancel()

    def test_an_event_says_what_the_statement_says(self):
        self.scene.enrol("anna")
        self.award("anna", 2)
        with self.scene.client() as client:
            for minor in (300_000, 70_000_000):  # one for the next re-scoring, one for diamond
                client.ask("Award", frames.award_request("anna", minor, now_ms()))
            hold = frames.reserve_request("anna", 200, now_ms())
            client.ask("Reserve", hold)
            client.ask("Capture", frames.capture_request("anna", hold.mutation.request_id,
                                                         now_ms(), points=100))
            redeemed = frames.redeem_request("anna", 100, now_ms())
            client.ask("Redeem", redeemed)
            client.ask("Reverse", frames.reverse_request("anna", redeemed, now_ms()))
            client.call("Redeem", frames.redeem_request("anna", 10**9, now_ms()))
        stream = subscribe(self.channel(), consumer="crm")
        events = [event for message in take(stream, lambda all_: count_told(all_) >= 11)
                  for event in message.events]
        stream.cancel()
        with self.scene.client("backend") as client:
            request = frames.members.ListActivityRequest(member=frames.member_ref("anna"))
            lines = {line.seq: line for line in client.ask("ListActivity", request).activities}
        self.assertEqual({event.seq for event in events}, set(lines))
        for event in events:
            self.assertEqual(event.activity, lines[event.seq])
        types = [TYPE.Name(event.type)[len("EVENT_TYPE_"):] for event in events]
        self.assertEqual(types, ["ENROLLED", "AWARDED", "AWARDED", "AWARDED", "AWARDED", "UPGRADED",
                                 "RESERVED", "REDEEMED", "REDEEMED", "REVERSED", "OTHER"])
        self.assertEqual(events[5].card, lines[5].new_card)

    def test_only_the_types_asked_for(self):
        self.scene.enrol("anna")
        self.award("anna", 5)
        with self.scene.client() as client:
            client.ask("Redeem", frames.redeem_request("anna", 100, now_ms()))
        stream = subscribe(self.channel(), consumer="crm",
                           types=[EVENTS.EVENT_TYPE_ENROLLED, EVENTS.EVENT_TYPE_REDEEMED])
        told = [one for message in take(stream, lambda all_: count_told(all_) >= 2)
                for one in told_of(message)]
        self.assertEqual([(one.type, one.seq) for one in told], [("ENROLLED", 1), ("REDEEMED", 7)])

    def test_connect(self):
        self.scene.enrol("anna")
        daemon = self.scene.daemons[0]
        with rpc.Http2(daemon.port, daemon.world.tls, "backend") as http:
            stream = http.begin(SUBSCRIBE, [("content-type", "application/connect+json"),
                                            ("connect-protocol-version", "1")])
            http.send(stream, rpc.framed(json.dumps({"consumer": "crm"}).encode()), last=True)
            message = json.loads(http.messages(stream, 1)[0])
            self.assertEqual(message["events"][0]["type"], "EVENT_TYPE_ENROLLED")
            self.award("anna")
            message = json.loads(http.messages(stream, 2)[1])
            self.assertEqual(message["events"][0]["activity"]["points"], "100")
            later = subscribe(self.channel(), consumer="crm")
            next(later)
            response = http.finish(stream)
            end = [part for flag, part in rpc.parts_of(response.body) if flag == 2]
            self.assertEqual(json.loads(end[0])["error"]["code"], "aborted")
            later.cancel()

    def test_who_may_not_and_what_may_not(self):
        with self.scene.client("till") as client:
            reply = client.call("Subscribe", EVENTS.SubscribeRequest(consumer="crm"))
            self.assertEqual(reply.error.reason, "ROLE_NOT_ALLOWED")
        for request in ({"consumer": ""}, {"consumer": "A"}, {"consumer": "crm",
                                                              "from_partition": 20}):
            with self.assertRaises(grpc.RpcError) as caught:
                next(subscribe(self.channel(), **request))
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_a_slow_reader_gets_all_of_it(self):
        self.scene.enrol(*MEMBERS)
        daemon = self.scene.daemons[0]
        with rpc.Http2(daemon.port, daemon.world.tls, "backend") as http:
            stream = http.begin(SUBSCRIBE, [("content-type", "application/grpc"),
                                            ("te", "trailers")])
            request = EVENTS.SubscribeRequest(consumer="crm").SerializeToString()
            http.send(stream, rpc.framed(request), last=True)
            for member in MEMBERS:
                self.award(member, 20)
            told = []
            while len(told) < 21 * len(MEMBERS):
                http.turn()
                told = [one for flag, part in rpc.parts_of(http.streams[stream]["body"])
                        if flag == 0 for one in told_of(EVENTS.SubscribeResponse.FromString(part))]
            for member in MEMBERS:
                self.assertEqual([one.seq for one in told if one.member == member],
                                 list(range(1, 22)))

    def test_the_tail(self):
        self.scene.enrol("anna")
        self.award("anna", 2)
        daemon = self.scene.daemons[0]
        tail = subprocess.Popen(
            [f"{frames.BIN}/loyaltyctl", "--server", f"127.0.0.1:{daemon.port}", "--tls",
             daemon.world.tls, "--as", "backend", "events", "tail", "--type", "awarded"],
            stdout=subprocess.PIPE, text=True)
        lines = [tail.stdout.readline() for _ in range(2)]
        self.award("anna")
        lines.append(tail.stdout.readline())
        for line in lines:
            self.assertRegex(line, r"anna +awarded +\+100 points  store-0007/till-02\n")
        tail.terminate()
        self.assertEqual(tail.wait(world.WAIT_S), 0)
        tail.stdout.close()
        listed = daemon.world.ctl_json("events", "consumers", "--as", "backend", daemon=daemon)
        self.assertEqual(listed.get("consumers", []), [])  # it has taken its own away


class Resume(Club):
    """One consumer, killed at random with the daemon and Redis, while sales are made."""

    def subscriber(self, number):
        """A process that writes down what it is told, then acknowledges it."""
        daemon = self.scene.daemons[0]
        path = f"{self.scene.world.folder}/told-{number}"
        with open(path, "wb") as out:
            child = subprocess.Popen([sys.executable, __file__, "subscriber", str(daemon.port),
                                      daemon.world.tls], stdout=out, stderr=subprocess.DEVNULL)
        return child, path

    def sell(self, rng, stop):
        """Sales by ids that are asked again until they are answered."""
        pending = None
        while not stop.is_set() or pending is not None:
            if pending is None:
                pending = frames.award_request(rng.choice(MEMBERS), 100 * rng.randrange(1, 99),
                                               now_ms())
            try:
                with self.scene.client() as client:
                    while not stop.is_set() or pending is not None:
                        reply = client.call("Award", pending)
                        if reply.error is not None:
                            break
                        pending = None
                        if stop.is_set():
                            return
                        pending = frames.award_request(rng.choice(MEMBERS), 1000, now_ms())
            except (OSError, frames.Closed, AssertionError, AttributeError, TypeError):
                time.sleep(0.05)

    def trouble(self, rng, children):
        victim = rng.randrange(3)
        if victim == 0:
            self.scene.daemons[0].kill_now()
            self.scene.daemons[0] = self.scene.start_daemon("daemon-0")
            self.scene.daemons[0].wait_ready()
        elif victim == 1:
            self.scene.redis.kill_now()
            self.scene.restart_redis()
            self.scene.daemons[0].wait_ready()
        if victim != 1:
            children[-1][0].kill()
            children[-1][0].wait()
            children.append(self.subscriber(len(children)))

    @staticmethod
    def read(path):
        """What one subscriber was told, by stream; a line that was cut off was not told."""
        streams = []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line == "\n":
                    streams.append([])
                elif line.endswith("\n"):
                    streams[-1].append(Told(*json.loads(line)))
        return streams

    def test_nothing_is_lost_or_out_of_order(self):
        print(f"seed {SEED}")
        rng = random.Random(SEED)
        self.scene.enrol(*MEMBERS)
        stop = threading.Event()
        seller = threading.Thread(target=self.sell, args=(random.Random(SEED + 1), stop))
        children = [self.subscriber(0)]
        seller.start()
        end = time.monotonic() + SECONDS
        try:
            while time.monotonic() < end:
                time.sleep(rng.uniform(0.2, 1.5))
                self.trouble(rng, children)
        finally:
            stop.set()
            seller.join()
        stored = ledger.Stored()
        stored.read(self.scene.redis)
        expected = {(member, seq) for (partition, member), account in stored.accounts.items()
                    if partition != "meta" for seq in range(1, account.seq + 1)}
        children[-1][0].kill()
        children[-1][0].wait()
        children.append(self.subscriber(len(children)))
        world.wait_for(lambda: self.behind() == 0, "all to be acknowledged", 60)
        children[-1][0].kill()
        children[-1][0].wait()
        self.check(expected, [stream for _, path in children for stream in self.read(path)])

    def behind(self):
        listed = self.scene.world.ctl_json("events", "consumers", "--as", "backend",
                                           daemon=self.scene.daemons[0])
        return int(listed["consumers"][0]["behind"])

    def check(self, expected, streams):
        seen = {}
        for stream in streams:
            latest = {}
            for told in stream:
                key = told.seq, told.part
                self.assertGreater(key, latest.get(told.member, (0, 0)), f"{told} is out of order")
                latest[told.member] = key
                # Nothing new before what comes before it.
                if (told.member, told.seq) not in seen and told.seq > 1:
                    self.assertIn((told.member, told.seq - 1), seen, told)
                seen[told.member, told.seq] = True
        self.assertEqual(set(seen), expected)
        print(f"{len(expected)} records, {sum(map(len, streams))} events, {len(streams)} streams")


class Missed(Club):
    def test_what_was_dropped_is_told_exactly(self):
        self.scene.enrol(*MEMBERS)
        channel = self.channel()
        messages = take(subscribe(channel, consumer="crm"),
                        lambda all_: count_told(all_) >= len(MEMBERS))
        places = [place for message in messages for place in message.places]
        acknowledge(channel, "crm", places)
        for member in MEMBERS:
            self.award(member, 10)
        before = {place.partition: place.number for place in places}
        missed = {}
        kept = {}
        for partition in before:
            key = f"ly:{{{partition}}}:ev"
            last = int(self.scene.redis.command("XLEN", key))
            if partition % 2 == 0:
                self.scene.redis.command("XTRIM", key, "MAXLEN", "5")
                missed[partition] = (before[partition] + 1, last - 5)
            kept[partition] = 5 if partition % 2 == 0 else last - before[partition]
        listed = self.scene.world.ctl_json("events", "consumers", "--as", "backend",
                                           daemon=self.scene.daemons[0])["consumers"][0]
        self.assertEqual(int(listed["missed"]), sum(last - first + 1
                                                    for first, last in missed.values()))
        self.assertEqual(int(listed["behind"]), sum(kept.values()))
        messages = take(subscribe(channel, consumer="crm"),
                        lambda all_: count_told(all_) >= sum(kept.values()))
        told = {one.partition: (one.first_number, one.last_number)
                for message in messages for one in message.missed}
        self.assertEqual(told, missed)
        numbers = collections.defaultdict(list)
        for message in messages:
            for one in told_of(message):
                numbers[one.partition].append(one.number)
        self.assertEqual({partition: len(all_) for partition, all_ in numbers.items()}, kept)

    def test_an_epoch_that_has_ended(self):
        self.scene.enrol("anna")
        channel = self.channel()
        messages = take(subscribe(channel, consumer="crm"), lambda all_: count_told(all_) >= 1)
        acknowledge(channel, "crm", messages[0].places)
        anna = messages[0].places[0]
        self.scene.daemons[0].stop()
        self.scene.redis.command("SET", "ly:{meta}:epoch", anna.epoch + 1)
        self.scene.daemons[0] = self.scene.start_daemon("daemon-0").wait_ready()
        channel = self.channel()
        messages = take(subscribe(channel, consumer="crm"), lambda all_: count_told(all_) >= 1)
        missed = {one.partition: one for message in messages for one in message.missed}
        self.assertEqual(len(missed), 16)
        self.assertEqual((missed[anna.partition].epoch, missed[anna.partition].first_number,
                          missed[anna.partition].last_number), (anna.epoch, 2, 0))
        told = [message.events[0] for message in messages if message.events][0]
        self.assertEqual((told.member_id, told.place.epoch), ("anna", anna.epoch + 1))
        acknowledge(channel, "crm", [place for message in messages for place in message.places])


def subscriber(port, tls):
    """Told, written down, acknowledged; again from where it was when the stream ends."""
    class Daemon:  # as rpc.channel wants it
        pass

    daemon = Daemon()
    daemon.port = int(port)
    daemon.world = Daemon()
    daemon.world.tls = tls
    channel = rpc.channel(daemon, "backend", (("grpc.use_local_subchannel_pool", 1),))
    while True:
        try:
            sys.stdout.write("\n")
            for message in subscribe(channel, consumer="crm"):
                for told in told_of(message):
                    sys.stdout.write(json.dumps(told) + "\n")
                sys.stdout.flush()
                acknowledge(channel, "crm", message.places)
        except grpc.RpcError:
            time.sleep(0.05)


if __name__ == "__main__":
    if sys.argv[1:2] == ["subscriber"]:
        subscriber(*sys.argv[2:])
    else:
        unittest.main()
