// An OpenID Connect server for the tests, which misbehaves on request. It prints its address and ends with its input.
import { createServer } from 'node:http';
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

const issuer = new OAuth2Issuer(false);
const service = new OAuth2Service(issuer);
const seen = {};
// claims: put into id tokens (null removes one); header: put into their head; idToken: sent instead; broken: what a path
// answers instead; newestKeyOnly: older keys are withdrawn; me: what Facebook says of the person.
let control = {};

service.on('beforeTokenSigning', (token, request) => {
  if (token.payload.aud === undefined) return;
  Object.assign(token.payload, { aud: request.body?.client_id ?? token.payload.aud }, control.claims);
  Object.assign(token.header, control.header);
  for (const [name, value] of Object.entries(token.payload)) if (value === null) delete token.payload[name];
});
service.on('beforeResponse', (response) => {
  if (control.idToken) response.body.id_token = control.idToken;
  if (control.forge) response.body.id_token = response.body.id_token.replace(/\.[^.]{8}([^.]*)$/, '.AAAAAAAA$1');
});

const text = async (request) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
};
const json = (response, value) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
};

const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  seen[path] = (seen[path] ?? 0) + 1;
  const broken = control.broken?.[path];
  if (path === '/control') {
    control = JSON.parse(await text(request));
    if (control.rotate) await issuer.keys.generate('RS256');
    json(response, {});
  } else if (path === '/seen') {
    json(response, seen);
  } else if (path === '/mint') {
    // A token with these claims (null removes one) and this head, signed by the newest key.
    const { claims, header } = JSON.parse(await text(request));
    const { kid } = issuer.keys.toJSON().at(-1);
    const change = (head, payload) => {
      Object.assign(head, header);
      Object.assign(payload, claims);
      for (const [name, value] of Object.entries(payload)) if (value === null) delete payload[name];
    };
    response.end(await issuer.buildToken({ kid, scopesOrTransform: change }));
  } else if (broken === 'redirect') {
    response.writeHead(307, { location: '/elsewhere' }).end();
  } else if (broken === 'huge') {
    response.end('x'.repeat(1_000_000));
  } else if (broken) {
    response.writeHead(500).end();
  } else if (path === '/jwks' && control.newestKeyOnly) {
    json(response, { keys: issuer.keys.toJSON().slice(-1) });
  } else if (path === '/graph/oauth/access_token') {
    const given = new URLSearchParams(await text(request));
    const good = given.get('code') && given.get('code_verifier') && given.get('client_secret');
    if (!good) response.writeHead(400);
    json(response, good ? { access_token: 'facebook-token', token_type: 'bearer', expires_in: 5183944 } : {});
  } else if (path === '/graph/me') {
    if (request.headers.authorization !== 'Bearer facebook-token') response.writeHead(401);
    json(response, control.me ?? {});
  } else {
    service.requestHandler(request, response);
  }
});

await issuer.keys.generate('RS256');
server.listen(0, '127.0.0.1', () => {
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer.url);
});
process.stdin.on('end', () => process.exit()).resume();
