// The store of a Node peer: a redis-server of its own, and one connection of ioredis to it that
// sends the commands of a loop turn together. Redis ends with this process, however that ends.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const Redis = require('ioredis');

const RECONNECT_MS = 20;

function script(name, numberOfKeys) {
  const text = (file) => fs.readFileSync(path.join(__dirname, file), 'utf8');
  return { lua: text('answered.lua') + text(name), numberOfKeys };
}

function startRedis(dir) {
  fs.mkdirSync(dir, { recursive: true });
  return spawn('setpriv', [
    '--pdeathsig', 'TERM', 'redis-server', path.join(__dirname, 'redis.conf'), '--dir', dir,
    '--unixsocket', path.join(dir, 'redis.sock'), '--logfile', path.join(dir, 'redis.log'),
    '--pidfile', path.join(dir, 'redis.pid'),
  ], { stdio: 'inherit' });
}

// { redis, close }: what DIR/redis holds, once it is loaded.
async function openStore(dir) {
  const child = startRedis(path.join(dir, 'redis'));
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  let closing = false;
  ended.then(() => {
    if (!closing) {
      console.error(`redis-server has ended; see ${dir}/redis/redis.log`);
      process.exit(1);
    }
  });
  const redis = new Redis({
    path: path.join(dir, 'redis', 'redis.sock'),
    enableAutoPipelining: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => RECONNECT_MS,
    scripts: { award: script('award.lua', 3), enrol: script('enrol.lua', 2) },
  });
  redis.on('error', () => {}); // not up yet; it tries again
  await redis.ping();
  const close = async () => {
    closing = true;
    child.kill();
    await ended;
  };
  return { redis, close };
}

module.exports = { openStore };
