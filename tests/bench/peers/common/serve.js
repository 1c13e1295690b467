// The life of a Node peer: its store, its face, DIR/port when it serves, and an orderly end on
// SIGTERM.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { openStore } = require('./store.js');

function readCertificates(dir) {
  const read = (name) => fs.readFileSync(path.join(dir, 'tls', name));
  return { ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key') };
}

// A reader never sees half a port.
function publishPort(dir, port) {
  fs.writeFileSync(path.join(dir, 'port.new'), `${port}\n`);
  fs.renameSync(path.join(dir, 'port.new'), path.join(dir, 'port'));
}

// `listen(redis, certificates)` answers { port, close } once the face takes connections.
async function serve(listen) {
  const dir = path.resolve(process.argv[2]);
  const store = await openStore(dir);
  const face = await listen(store.redis, readCertificates(dir));
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, async () => {
      await face.close();
      await store.close();
      process.exit(0);
    });
  }
  publishPort(dir, face.port);
}

module.exports = { serve };
