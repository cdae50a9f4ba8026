// An S3 server for the tests. s3rver keeps the objects; the signatures, which it does not look at, are checked here. It
// prints its address and the folder of its objects, and ends with its input.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

const SECRET = 'S3RVER';
const directory = mkdtempSync(join(tmpdir(), 'skillswap-s3-'));
const s3 = new S3rver({ silent: true, directory, vhostBuckets: false, configureBuckets: [{ name: 'files' }] });
await s3.configureBuckets();

const mac = (key, text) => createHmac('sha256', key).update(text).digest();
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

// Whether a request is signed with the secret, as Signature Version 4 describes it.
function isSigned(request) {
  const url = new URL(request.url, 'http://s3');
  const header = Object.fromEntries([...(request.headers.authorization ?? '').matchAll(/(\w+)=([^,\s]+)/g)].map(([, name, value]) => [name, value]));
  const part = (name) => url.searchParams.get(`X-Amz-${name}`) ?? header[name] ?? '';
  const [, ...scope] = part('Credential').split('/');
  const time = url.searchParams.get('X-Amz-Date') ?? request.headers['x-amz-date'] ?? '';
  const seconds = Date.parse(time.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5')) / 1000;
  if (!(Date.now() / 1000 < seconds + Number(url.searchParams.get('X-Amz-Expires') ?? 900))) return false;
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const names = part('SignedHeaders');
  const headers = names.split(';').map((name) => `${name}:${(request.headers[name] ?? '').trim()}\n`).join('');
  const payload = request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  const canonical = [request.method, url.pathname, query, headers, names, payload].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const wanted = mac(scope.reduce(mac, `AWS4${SECRET}`), text);
  const given = Buffer.from(part('Signature'), 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const answer = s3.callback();
const server = createServer((request, response) => {
  if (isSigned(request)) return answer(request, response);
  request.resume();
  response.writeHead(403).end('SignatureDoesNotMatch');
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port} ${directory}`));

process.stdin.resume().on('end', () => {
  rmSync(directory, { recursive: true, force: true });
  process.exit();
});
