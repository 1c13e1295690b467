// The usual way to serve gRPC in Node: grpc-js, proto/ read by proto-loader as it stands, and one
// Lua script in Redis. TLS is accepted here and handed to grpc-js, which would otherwise have the
// client's certificate read anew for each call (12 us): here it is read once a connection.
'use strict';

const { once } = require('node:events');
const path = require('node:path');
const tls = require('node:tls');
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

// A server of TLS whose connections the gRPC server takes over.
function acceptFor(server, certificates) {
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  return tls.createServer({
    ...certificates, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'],
  }, (socket) => {
    const certificate = socket.getPeerCertificate();
    socket.getPeerCertificate = () => certificate;
    socket.setNoDelay(true);
    socket.on('error', () => {}); // a connection that breaks is its client's affair
    injector.injectConnection(socket);
  });
}

async function listen(redis, certificates) {
  const definition = loader.loadSync(
    ['loyalty/v1/members.proto', 'loyalty/v1/points.proto'],
    { includeDirs: [PROTO], longs: Number, arrays: true },
  );
  const api = grpc.loadPackageDefinition(definition).loyalty.v1;
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.enable_channelz': 0,
  });
  const { points, members } = handlers(new Club(redis, instants));
  server.addService(api.PointsService.service, points);
  server.addService(api.MembersService.service, members);
  const front = acceptFor(server, certificates).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const close = () => {
    front.close();
    server.forceShutdown();
  };
  return { port: front.address().port, close };
}

serve(listen);
