// The usual way to serve gRPC in Node: grpc-js, proto/ read by proto-loader as it stands, and one
// Lua script in Redis.
'use strict';

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { Club } = require('../common/club.js');
const { identityOf } = require('../common/identity.js');
const { Refusal } = require('../common/refusal.js');
const { serve } = require('../common/serve.js');

const PROTO = path.resolve(__dirname, '../../../../proto');
const MESSAGE_BYTES_MAX = 65536;
// What this peer does not do is refused, not passed over: the fields of a message that it reads.
const KNOWN = {
  mutation: ['requestId', 'createdAt', 'deadline'],
  member: ['memberId'],
  sale: ['occurredAt', 'currency', 'lines'],
};

const instants = {
  read: ({ seconds = 0, nanos = 0 }) => seconds * 1000 + Math.floor(nanos / 1e6),
  write: (ms) => ({ seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 }),
};

function refuseUnknown(request) {
  for (const [name, known] of Object.entries(KNOWN)) {
    for (const field in request[name]) {
      if (!known.includes(field)) throw new Refusal('MALFORMED', `${name}.${field}`);
    }
  }
}

function statusOf(error) {
  if (error instanceof Refusal) return { code: grpc.status[error.code], details: error.message };
  console.error(error);
  return { code: grpc.status.INTERNAL, details: 'INTERNAL' };
}

function handlers(club) {
  const handle = (method) => async (call, done) => {
    try {
      const certificate = call.getAuthContext().sslPeerCertificate;
      refuseUnknown(call.request);
      const identity = identityOf(certificate?.subjectaltname);
      const { reply, replayed } = await club[method](identity, call.request);
      const trailer = new grpc.Metadata();
      if (replayed) trailer.set('loyalty-replayed', 'true');
      done(null, reply, trailer);
    } catch (error) {
      done(statusOf(error));
    }
  };
  return {
    points: { Award: handle('award') },
    members: { GetMember: handle('getMember'), Enroll: handle('enroll') },
  };
}

async function listen(redis, { ca, cert, key }) {
  const definition = loader.loadSync(
    ['loyalty/v1/members.proto', 'loyalty/v1/points.proto'],
    { includeDirs: [PROTO], longs: Number, arrays: true },
  );
  const api = grpc.loadPackageDefinition(definition).loyalty.v1;
  const server = new grpc.Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX });
  const { points, members } = handlers(new Club(redis, instants));
  server.addService(api.PointsService.service, points);
  server.addService(api.MembersService.service, members);
  const credentials = grpc.ServerCredentials.createSsl(
    ca, [{ cert_chain: cert, private_key: key }], true,
  );
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return { port, close: () => server.forceShutdown() };
}

serve(listen);
