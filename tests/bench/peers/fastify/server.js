// The usual way in Node: JSON over HTTPS, by Fastify with its schemas for what comes and goes, and
// one Lua script in Redis. POST /loyalty.v1.SERVICE/METHOD with proto3 JSON, as loyaltyd takes it;
// errors have Connect's shape. A client's certificate is read once a connection.
'use strict';

const fastify = require('fastify');
const { Club } = require('../common/club.js');
const { identityOf } = require('../common/identity.js');
const { Refusal } = require('../common/refusal.js');
const { serve } = require('../common/serve.js');
const schemas = require('./schemas.js');

const BODY_BYTES_MAX = 65536;
const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  DEADLINE_EXCEEDED: 504,
  INTERNAL: 500,
};
const instants = { read: Date.parse, write: (ms) => new Date(ms).toISOString() };

function answerError(error, request, reply) {
  let refusal = error;
  if (error.statusCode >= 400 && error.statusCode < 500) {
    refusal = new Refusal('MALFORMED', error.message);
  } else if (!(error instanceof Refusal)) {
    console.error(error);
    refusal = { code: 'INTERNAL', reason: 'INTERNAL', message: '' };
  }
  reply.code(HTTP_STATUS[refusal.code]);
  const { code, reason, message } = refusal;
  return { code: code.toLowerCase(), reason, message };
}

async function listen(redis, certificates) {
  const app = fastify({
    https: { ...certificates, requestCert: true, rejectUnauthorized: true },
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false } },
  });
  const identities = new WeakMap(); // by connection
  app.server.on('secureConnection', (socket) => {
    identities.set(socket, identityOf(socket.getPeerX509Certificate()?.subjectAltName));
  });
  app.setErrorHandler(answerError);
  const club = new Club(redis, instants);
  const route = (path, method) => {
    app.post(path, { schema: schemas[method] }, async (request, response) => {
      const identity = identities.get(request.raw.socket);
      const { reply, replayed } = await club[method](identity, request.body);
      if (replayed) response.header('loyalty-replayed', 'true');
      return reply;
    });
  };
  route('/loyalty.v1.PointsService/Award', 'award');
  route('/loyalty.v1.MembersService/GetMember', 'getMember');
  route('/loyalty.v1.MembersService/Enroll', 'enroll');
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { port: app.server.address().port, close: () => app.close() };
}

serve(listen);
