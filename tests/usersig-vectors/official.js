// Talks to the official Node implementation: makes vectors, and judges signatures of ours.
const fs = require('fs');
const zlib = require('zlib');
const { Api } = require('tls-sig-api-v2');

const NOW = 1700000000, APP = 1400000000, KEY = 'a throw-away key for test vectors only';
const api = new Api(APP, KEY);

function generate() {
  Date.now = () => NOW * 1000;
  const print = (fields, sig) => console.log(JSON.stringify({ by: 'node', expire: 86400, ...fields, sig }));
  for (const user of ['lin', '林', 'a b&c#d?=%', 'x'.repeat(32)]) {
    print({ user }, api.genSig(user, 86400, null));
    const userbuf = Buffer.from([0, 255, 128, 10]);
    print({ user, userbuf: userbuf.toString('hex') }, api.genSig(user, 86400, userbuf));
  }
  // Their userbuf counts characters and cuts code points, so only ASCII is comparable.
  print({ user: 'lin', room: 4294967295, privileges: 255 }, api.genPrivateMapKey('lin', 86400, 4294967295, 255));
  print({ user: 'lin', room: 7, privileges: 42 }, api.genPrivateMapKey('lin', 86400, 7, 42));
  for (const room of ['lobby', '']) {
    print({ user: 'lin', room, privileges: 255 }, api.genPrivateMapKeyWithStringRoomID('lin', 86400, room, 255));
  }
}

function judge(line) {
  const wanted = JSON.parse(line);
  const base64 = wanted.sig.replace(/_/g, '=').replace(/-/g, '/').replace(/\*/g, '+');
  const document = JSON.parse(zlib.inflateSync(Buffer.from(base64, 'base64')).toString());
  const again = api._hmacsha256(
    document['TLS.identifier'], document['TLS.time'], document['TLS.expire'], document['TLS.userbuf'] ?? null);
  if (again !== document['TLS.sig'] || document['TLS.identifier'] !== wanted.user) throw new Error(line);
}

if (process.argv[2] === 'generate') {
  generate();
} else {
  const lines = fs.readFileSync(0, 'utf8').trim().split('\n');
  lines.forEach(judge);
  console.log(`official Node accepts ${lines.length} of ${lines.length}`);
}
