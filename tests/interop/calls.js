// The cases of test_node.py, which starts this and a daemon. A member each, enrolled: anna, poor,
// slow, fickle. Redis is stood still and let go by its pid.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const PROTO = path.resolve(__dirname, '../../proto');
const GRPC_PROTO = '/usr/share/grpc-proto';
const WAIT_MS = 30000;
const WATCHES = 40; // more than one connection may have open
const KEPT_MS = 3500; // three PINGs of KEEPALIVE
const KEEPALIVE = {
  'grpc.keepalive_time_ms': 1000,
  'grpc.keepalive_timeout_ms': 1000,
  'grpc.keepalive_permit_without_calls': 1,
};

const definition = loader.loadSync(
  ['loyalty/v1/members.proto', 'loyalty/v1/points.proto', 'grpc/health/v1/health.proto'],
  {
    includeDirs: [PROTO, GRPC_PROTO], keepCase: true, longs: String, enums: String, defaults: true,
  },
);
const details = new protobuf.Root();
details.resolvePath = (origin, target) =>
  (target.startsWith('google/rpc/') ? path.join(PROTO, target) : target);
details.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], { keepCase: true });
const api = grpc.loadPackageDefinition(definition);

function client(Service, options) {
  const tls = process.env.LOYALTY_TLS;
  const pem = (file) => fs.readFileSync(path.join(tls, file));
  const credentials = grpc.credentials.createSsl(pem('ca.pem'), pem('till.key'), pem('till.pem'));
  return new Service(process.env.LOYALTY_SERVER, credentials, options);
}

function decode(name, bytes) {
  return details.lookupType(`google.rpc.${name}`).decode(bytes);
}

// Signals Redis or the daemon, and waits for a stop to have taken place.
function signal(which, name) {
  const pid = Number(process.env[`LOYALTY_${which}_PID`]);
  process.kill(pid, name);
  const state = () => fs.readFileSync(`/proc/${pid}/stat`, 'ascii').split(') ').pop()[0];
  while (name === 'SIGSTOP' && state() !== 'T');
}

// { error, answer, trailer, head } of a unary call; `during` is given the call once it is begun.
function ask(service, method, request, { metadata, timeout = WAIT_MS, during = () => {} } = {}) {
  return new Promise((resolve) => {
    const outcome = {};
    const options = { deadline: Date.now() + timeout };
    const call = service[method](request, metadata || new grpc.Metadata(), options,
      (error, answer) => Object.assign(outcome, { error, answer }));
    call.on('metadata', (head) => { outcome.head = head; });
    call.on('status', (status) => {
      outcome.trailer = status.metadata;
      setImmediate(() => resolve(outcome));
    });
    during(call);
  });
}

function award(member) {
  const now = Date.now();
  return {
    mutation: {
      request_id: crypto.randomUUID(),
      created_at: { seconds: String(Math.floor(now / 1000)), nanos: (now % 1000) * 1000000 },
    },
    member: { member_id: member },
    sale: { currency: 'CNY', lines: [{ amount_minor: '10000' }] },
  };
}

// Asks until the answer is definite.
async function certainly(service, method, request) {
  const open = [grpc.status.UNAVAILABLE, grpc.status.UNKNOWN, grpc.status.DEADLINE_EXCEEDED];
  for (;;) {
    const outcome = await ask(service, method, request);
    if (!outcome.error || !open.includes(outcome.error.code)) return outcome;
  }
}

// The next message of a stream, or the error it ended with.
function next(stream) {
  return new Promise((resolve) => {
    const settle = (value) => {
      stream.removeAllListeners('data').pause();
      resolve(value);
    };
    stream.removeAllListeners('error').on('error', settle);
    stream.once('data', settle).resume();
  });
}

test('gRPC in Node.js', { concurrency: false }, async (t) => {
  const points = client(api.loyalty.v1.PointsService);
  const health = client(api.grpc.health.v1.Health);

  await t.test('unary, metadata, a replay', async () => {
    const metadata = new grpc.Metadata();
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    metadata.set('traceparent', trace);
    metadata.set('x-blob-bin', Buffer.from([...Array(256).keys()]));
    const request = award('anna');
    for (const replayed of [[], ['true']]) {
      const { error, answer, trailer, head } = await ask(points, 'Award', request, { metadata });
      assert.equal(error, null);
      assert.equal(answer.points, '100');
      assert.deepEqual(trailer.get('loyalty-replayed'), replayed);
      assert.deepEqual(head.get('traceparent'), [trace]);
    }
  });

  await t.test('details of an error', async () => {
    const request = { ...award('poor'), points: '5' };
    const { error } = await ask(points, 'Redeem', request);
    assert.equal(error.code, grpc.status.FAILED_PRECONDITION);
    const told = decode('Status', error.metadata.get('grpc-status-details-bin')[0]);
    assert.deepEqual([told.code, told.message], [error.code, error.details]);
    assert.equal(told.details[0].type_url, 'type.googleapis.com/google.rpc.ErrorInfo');
    const { reason, metadata } = decode('ErrorInfo', told.details[0].value);
    assert.deepEqual([reason, { ...metadata }],
      ['INSUFFICIENT_POINTS', { asked: '5', available: '0' }]);
  });

  await t.test('a deadline leaves the outcome open; asked again, it is applied once', async () => {
    const request = award('slow');
    signal('REDIS', 'SIGSTOP');
    const { error } = await ask(points, 'Award', request, { timeout: 300 });
    signal('REDIS', 'SIGCONT');
    assert.ok([grpc.status.DEADLINE_EXCEEDED, grpc.status.UNKNOWN, grpc.status.UNAVAILABLE]
      .includes(error.code), error);
    const { answer } = await certainly(points, 'Award', request);
    assert.equal(answer.points, '100');
  });

  await t.test('what is cancelled leaves the connection as it was', async () => {
    signal('REDIS', 'SIGSTOP');
    const calls = Array.from({ length: 50 }, () => ask(points, 'Award', award('fickle'), {
      during: (call) => setImmediate(() => call.cancel()),
    }));
    const outcomes = await Promise.all(calls);
    signal('REDIS', 'SIGCONT');
    outcomes.forEach(({ error }) => assert.equal(error.code, grpc.status.CANCELLED));
    assert.equal((await certainly(points, 'Award', award('fickle'))).answer.points, '100');
  });

  await t.test('a message of 4 MiB is refused, and the next call is answered', async () => {
    const request = award('anna');
    request.sale.channel = 'x'.repeat(4 << 20);
    const { error } = await ask(points, 'Award', request);
    assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.equal((await ask(points, 'Quote', award('anna'))).error, null);
  });

  await t.test('watched health, and many watches given up', async () => {
    for (let i = 0; i < WATCHES; i += 1) {
      const given = health.Watch({});
      assert.equal((await next(given)).status, 'SERVING');
      given.cancel();
      assert.equal((await next(given)).code, grpc.status.CANCELLED);
    }
    const told = health.Watch({});
    assert.equal((await next(told)).status, 'SERVING');
    signal('REDIS', 'SIGSTOP');
    assert.equal((await next(told)).status, 'NOT_SERVING');
    signal('REDIS', 'SIGCONT');
    assert.equal((await next(told)).status, 'SERVING');
    told.cancel();
    await next(told);
  });

  await t.test('keepalive: PINGs are answered, and their lack is noticed', async () => {
    const kept = client(api.grpc.health.v1.Health, KEEPALIVE);
    const short = kept.Watch({}, { deadline: Date.now() + KEPT_MS });
    assert.equal((await next(short)).status, 'SERVING');
    assert.equal((await next(short)).code, grpc.status.DEADLINE_EXCEEDED);
    kept.close();
    const other = client(api.grpc.health.v1.Health, KEEPALIVE);
    const told = other.Watch({});
    assert.equal((await next(told)).status, 'SERVING');
    signal('DAEMON', 'SIGSTOP');
    const { code } = await next(told);
    signal('DAEMON', 'SIGCONT');
    assert.equal(code, grpc.status.UNAVAILABLE);
    other.close();
  });

  points.close();
  health.close();
});
