// Who a client is: the one SPIFFE URI of its certificate, and what its role may ask.
'use strict';

const NAME = /^URI:spiffe:\/\/vip\.example\/([a-z]{1,16})\/([\w./-]{1,128})$/;
const ROLES = {
  award: ['pos'],
  getMember: ['pos', 'backend', 'admin'],
  enroll: ['backend', 'admin'],
};

// { role, unit } by a certificate's subject alternative names as Node writes them; null for one
// that is nobody's here.
function identityOf(names) {
  const uris = (names || '').split(', ').filter((name) => name.startsWith('URI:'));
  const found = uris.length === 1 && NAME.exec(uris[0]);
  return found ? { role: found[1], unit: found[2] } : null;
}

function mayAsk(identity, method) {
  return identity !== null && ROLES[method].includes(identity.role);
}

module.exports = { identityOf, mayAsk };
