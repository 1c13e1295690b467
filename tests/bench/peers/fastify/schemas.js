// JSON schemas of the three methods, proto3 JSON of proto/loyalty/v1: Fastify validates requests by
// them and writes replies by code it makes of them. A field that is not here is refused.
'use strict';

const text = { type: 'string' };
const instant = { type: 'string', minLength: 1, maxLength: 35 };
const whole = { type: 'string', pattern: '^[0-9]{1,13}$' }; // int64 is text in proto3 JSON
const count = { type: 'integer' };

function message(properties, required = []) {
  return { type: 'object', additionalProperties: false, properties, required };
}

const mutation = message(
  { requestId: text, createdAt: instant, deadline: instant }, ['requestId', 'createdAt'],
);
const member = message({ memberId: text }, ['memberId']);
const line = message({ amountMinor: whole, category: text });
const sale = message({
  occurredAt: instant, currency: text, lines: { type: 'array', items: line },
}, ['currency']);
const standing = message({
  balance: text, pending: text, held: text, score: text, tierId: text,
});

module.exports = {
  award: {
    body: message({ mutation, member, sale }, ['mutation', 'member', 'sale']),
    response: {
      200: message({
        memberId: text, seq: text, recordedAt: text, occurredAt: text, programVersion: count,
        points: text, score: text, standing,
      }),
    },
  },
  getMember: {
    body: message({ member, view: text }, ['member']),
    response: {
      200: message({
        memberId: text, seq: text, asOf: text, enrolledAt: text, standing, programVersion: count,
      }),
    },
  },
  enroll: {
    body: message({ mutation, memberId: text }, ['mutation']),
    response: { 200: message({ memberId: text, seq: text, enrolledAt: text, standing }) },
  },
};
