// What both Node peers do with a request, once it is read: judge it, have the store do it whole,
// and say what came of it. Messages are those of proto/loyalty/v1 with camelCase names; amounts may
// be numbers or their text. How a face writes instants is its own: `instants` reads and writes
// them.
'use strict';

const { createHash } = require('node:crypto');
const { mayAsk } = require('./identity.js');
const { Refusal } = require('./refusal.js');

const DAY_MS = 86400000;
const HORIZON_MS = 400 * DAY_MS;
const LATE_MS = 45 * DAY_MS;
const AHEAD_MS = 300000;
const AMOUNT_MAX = 1e12;
const LINES_MAX = 256;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MEMBER_ID = /^[\w.-]{1,64}$/;
const CURRENCY = 'CNY';
const PROGRAM_VERSION = 1;

function hold(good, reason, what) {
  if (!good) throw new Refusal(reason, what);
}

function digest(content) {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}

function readMemberId(id) {
  hold(typeof id === 'string' && MEMBER_ID.test(id), 'MALFORMED', 'member_id');
  return id;
}

// [amount, category] of each line; what stands at its default may be absent.
function readLines(sale) {
  const lines = (sale.lines || []).map(
    (line) => [Number(line.amountMinor || 0), line.category || ''],
  );
  hold(lines.length <= LINES_MAX, 'MALFORMED', 'sale.lines');
  hold(lines.every(([amount]) => amount >= 0), 'MALFORMED', 'sale.lines.amount_minor');
  return lines;
}

function sumOf(lines) {
  const sum = lines.reduce((total, [amount]) => total + amount, 0);
  hold(sum <= AMOUNT_MAX, 'MALFORMED', 'sale.lines');
  return sum;
}

// A script's answer begins with what became of it.
function isReplay(outcome) {
  hold(outcome === 'done' || outcome === 'replayed', outcome);
  return outcome === 'replayed';
}

function standing(balance, score, tierId) {
  return { balance, pending: 0, held: 0, score, tierId };
}

class Club {
  constructor(redis, instants) {
    this.redis = redis;
    this.instants = instants;
  }

  readMutation(mutation, now) {
    hold(mutation && UUID.test(mutation.requestId), 'MALFORMED', 'mutation.request_id');
    hold(mutation.createdAt, 'MALFORMED', 'mutation.created_at');
    const created = this.instants.read(mutation.createdAt);
    hold(created >= now - HORIZON_MS, 'TOO_OLD');
    hold(created <= now + AHEAD_MS, 'FROM_THE_FUTURE');
    hold(!mutation.deadline || this.instants.read(mutation.deadline) > now, 'EXPIRED');
    return mutation.requestId.toLowerCase();
  }

  // When it was sold; null: now.
  readOccurred(sale, now) {
    if (!sale.occurredAt) return null;
    const occurred = this.instants.read(sale.occurredAt);
    hold(occurred >= now - LATE_MS, 'SALE_TOO_OLD');
    hold(occurred <= now + AHEAD_MS, 'SALE_FROM_FUTURE');
    return occurred;
  }

  // Each of these answers { reply, replayed }, or throws a Refusal.

  async award(identity, { mutation, member, sale }) {
    hold(mayAsk(identity, 'award'), 'ROLE_NOT_ALLOWED');
    const now = Date.now();
    const requestId = this.readMutation(mutation, now);
    const memberId = readMemberId(member?.memberId);
    hold(sale, 'MALFORMED', 'sale');
    hold(sale.currency === CURRENCY, 'WRONG_CURRENCY');
    const lines = readLines(sale);
    const amount = sumOf(lines);
    const occurred = this.readOccurred(sale, now);
    const [outcome, seq, recorded, points, score, balance, yearScore, tier] =
      await this.redis.award(
        `member:${memberId}`, `ledger:${memberId}`, `answer:${memberId}:${requestId}`,
        digest([occurred, lines]), now, new Date(now).getUTCFullYear(), requestId, identity.unit,
        amount, occurred ?? now,
      );
    const replayed = isReplay(outcome);
    const reply = {
      memberId, seq, points, score,
      recordedAt: this.instants.write(recorded),
      occurredAt: this.instants.write(occurred ?? recorded),
      programVersion: PROGRAM_VERSION,
      standing: standing(balance, yearScore, tier),
    };
    return { reply, replayed };
  }

  async enroll(identity, request) {
    hold(mayAsk(identity, 'enroll'), 'ROLE_NOT_ALLOWED');
    const now = Date.now();
    const requestId = this.readMutation(request.mutation, now);
    const memberId = readMemberId(request.memberId || requestId);
    const [outcome, seq, enrolled] = await this.redis.enrol(
      `member:${memberId}`, `answer:${memberId}:${requestId}`,
      digest(['enroll']), now, new Date(now).getUTCFullYear(),
    );
    const replayed = isReplay(outcome);
    const reply = {
      memberId, seq,
      enrolledAt: this.instants.write(enrolled),
      standing: standing(0, 0, 'member'),
    };
    return { reply, replayed };
  }

  async getMember(identity, { member }) {
    hold(mayAsk(identity, 'getMember'), 'ROLE_NOT_ALLOWED');
    const memberId = readMemberId(member?.memberId);
    const kept = await this.redis.hgetall(`member:${memberId}`);
    hold(kept.seq, 'UNKNOWN_MEMBER');
    const now = Date.now();
    const score = Number(kept.year) === new Date(now).getUTCFullYear() ? Number(kept.score) : 0;
    const reply = {
      memberId,
      seq: Number(kept.seq),
      asOf: this.instants.write(now),
      enrolledAt: this.instants.write(Number(kept.enrolled)),
      standing: standing(Number(kept.balance), score, kept.tier),
      programVersion: PROGRAM_VERSION,
    };
    return { reply, replayed: false };
  }
}

module.exports = { Club };
