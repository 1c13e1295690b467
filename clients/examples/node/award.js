#!/usr/bin/env node
// Awards a sale to a member over gRPC, then looks the member up.
//
//     LOYALTY_SERVER=127.0.0.1:7411 LOYALTY_TLS=tls LOYALTY_AS=till node award.js MEMBER AMOUNT_MINOR
//
// Needs Node.js 18 or later and, by npm, @grpc/grpc-js and @grpc/proto-loader. The contract (proto/)
// is read as it stands: nothing is generated.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const PROTO = path.resolve(__dirname, '../../../proto');
const DEADLINE_MS = 5000;
const ATTEMPTS = 8;
const RETRY_MS = 200;
const OPEN_OR_LATER = [
  grpc.status.UNAVAILABLE, grpc.status.RESOURCE_EXHAUSTED, // not executed: later
  grpc.status.UNKNOWN, grpc.status.DEADLINE_EXCEEDED, // perhaps executed: ask again
  grpc.status.INTERNAL, grpc.status.CANCELLED,
];

// Amounts and points are int64, more than a Number holds exactly: they are kept as strings.
function contract() {
  const files = ['loyalty/v1/members.proto', 'loyalty/v1/points.proto'];
  const options = {
    includeDirs: [PROTO], keepCase: true, longs: String, enums: String, defaults: true,
  };
  return grpc.loadPackageDefinition(loader.loadSync(files, options)).loyalty.v1;
}

// Shows this client's certificate and believes only the club's authority.
function credentials() {
  const name = process.env.LOYALTY_AS || 'till';
  const pem = (file) => fs.readFileSync(path.join(process.env.LOYALTY_TLS, file));
  return grpc.credentials.createSsl(pem('ca.pem'), pem(`${name}.key`), pem(`${name}.pem`));
}

// One intent: its request_id and instant are made once and kept for every retry.
function awardRequest(memberId, amountMinor) {
  const now = Date.now();
  return {
    mutation: {
      request_id: crypto.randomUUID(),
      created_at: { seconds: String(Math.floor(now / 1000)), nanos: (now % 1000) * 1000000 },
    },
    member: { member_id: memberId },
    sale: { currency: 'CNY', lines: [{ amount_minor: amountMinor }] },
  };
}

function ask(client, method, request) {
  return new Promise((resolve, reject) => {
    let answer;
    const options = { deadline: Date.now() + DEADLINE_MS };
    const call = client[method](request, options, (error, response) => {
      answer = response;
      if (error) reject(error);
    });
    call.on('status', (status) => {
      const replayed = status.metadata.get('loyalty-replayed')[0] === 'true';
      if (status.code === grpc.status.OK) resolve({ answer, replayed });
    });
  });
}

// Asks until the answer is definite. The same request_id takes effect once, however often it is sent.
async function certainly(client, method, request) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(client, method, request);
    } catch (error) {
      if (!OPEN_OR_LATER.includes(error.code) || attempt === ATTEMPTS) throw error;
      await sleep(RETRY_MS * 2 ** (attempt - 1));
    }
  }
}

async function main(memberId, amountMinor) {
  const { PointsService, MembersService } = contract();
  const points = new PointsService(process.env.LOYALTY_SERVER, credentials());
  const members = new MembersService(process.env.LOYALTY_SERVER, credentials());
  const request = awardRequest(memberId, amountMinor);
  for (let time = 1; time <= 2; time += 1) {
    const { answer, replayed } = await certainly(points, 'Award', request);
    const { balance } = answer.standing;
    console.log(`awarded ${answer.points}, balance ${balance}, replayed ${replayed}`);
  }
  const { answer } = await certainly(members, 'GetMember', { member: request.member });
  const { balance, tier_id: tier } = answer.standing;
  console.log(`member ${answer.member_id}, balance ${balance}, tier ${tier}`);
  points.close();
  members.close();
}

if (process.argv.length !== 4) {
  console.error('usage: award.js MEMBER AMOUNT_MINOR');
  process.exitCode = 2;
} else {
  main(process.argv[2], process.argv[3]).catch((error) => {
    console.error(`${grpc.status[error.code] || 'ERROR'}: ${error.details || error.message}`);
    process.exitCode = 1;
  });
}
