// Why a request is refused: a reason that stays the same, with its code of gRPC.
'use strict';

const CODES = {
  ID_CONFLICT: 'ALREADY_EXISTS',
  UNKNOWN_MEMBER: 'NOT_FOUND',
  ALREADY_ENROLLED: 'ALREADY_EXISTS',
  MALFORMED: 'INVALID_ARGUMENT',
  WRONG_CURRENCY: 'INVALID_ARGUMENT',
  FROM_THE_FUTURE: 'INVALID_ARGUMENT',
  TOO_OLD: 'FAILED_PRECONDITION',
  SALE_FROM_FUTURE: 'FAILED_PRECONDITION',
  SALE_TOO_OLD: 'FAILED_PRECONDITION',
  EXPIRED: 'DEADLINE_EXCEEDED',
  ROLE_NOT_ALLOWED: 'PERMISSION_DENIED',
};

class Refusal extends Error {
  constructor(reason, what = '') {
    super(what ? `${reason}: ${what}` : reason);
    this.reason = reason;
    this.code = CODES[reason];
  }
}

module.exports = { Refusal };
