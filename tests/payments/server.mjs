// Stands in for Stripe (/stripe), Razorpay (/razorpay) and PayPal (/paypal), and misbehaves on command. It prints its
// address and ends with its input. Needs no packages.
//
// POST /control  { dropReplyEvery, status500Every, status429Every, delayMs, refunds: 'succeed' | 'wait' | 'fail' }
//                every nth act loses its reply after the work is done, or is answered with 500 or 429 before it
// POST /act      { provider, act: 'pay' | 'fail' | 'challenge' | 'expire' | 'refunded' | 'unrefunded', reference }
//                what the payer, the bank or time does
// POST /deliver  { provider, url, now, reverse, times, drop, sign: 'good' | 'wrong' | 'none' }
//                sends the webhooks that wait, to `url`; answers with the statuses. What was delivered waits no more
// GET  /books    what the providers have: payments, refunds, calls, replays
import { createServer } from 'node:http';
import { stripe } from './stripe.mjs';
import { razorpay } from './razorpay.mjs';
import { paypal } from './paypal.mjs';

const providers = { stripe: stripe(), razorpay: razorpay(), paypal: paypal() };
const calls = [];
let control = {};
let acts = 0;

const read = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

const answer = (response, status, body, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
};

const every = (n) => n > 0 && acts % n === 0;

async function provide(name, request, response, url, body) {
  const provider = providers[name];
  const path = url.pathname.slice(name.length + 1);
  const isAct = request.method === 'POST' && !provider.looks?.includes(path);
  const { authorization = '', 'content-type': type = '' } = request.headers;
  calls.push({ provider: name, method: request.method, path, query: url.search.slice(1), body, key: provider.keyOf(request) ?? null, authorization, type });
  if (control.delayMs) await new Promise((done) => setTimeout(done, control.delayMs));
  if (isAct) {
    acts += 1;
    if (every(control.status500Every)) return answer(response, 500, provider.error(500, 'trouble over here'));
    if (every(control.status429Every)) return answer(response, 429, provider.error(429, 'too many calls'));
  }
  const lost = isAct && every(control.dropReplyEvery);
  const reply = provider.handle({ method: request.method, path, query: url.searchParams, headers: request.headers, body, control });
  if (lost) return request.socket.destroy();
  answer(response, reply.status ?? 200, reply.body, reply.headers);
}

async function deliver({ provider, url, now, reverse, times = 1, drop = [], sign = 'good' }) {
  const waiting = providers[provider].events.splice(0).filter((_, place) => !drop.includes(place));
  if (reverse) waiting.reverse();
  const sent = waiting.flatMap((event) => Array.from({ length: times }, () => event));
  return Promise.all(sent.map(async (event) => {
    const body = JSON.stringify(event);
    const headers = { 'content-type': 'application/json', ...providers[provider].sign(body, now, sign) };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  }));
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const body = await read(request);
  const name = url.pathname.split('/')[1];
  try {
    if (name === 'control') {
      control = JSON.parse(body);
      acts = 0;
      answer(response, 200, {});
    } else if (name === 'act') {
      const { provider, act, reference } = JSON.parse(body);
      answer(response, 200, providers[provider].act(act, reference));
    } else if (name === 'deliver') {
      answer(response, 200, await deliver(JSON.parse(body)));
    } else if (name === 'books') {
      const books = Object.entries(providers).map(([own, provider]) => [own, provider.books()]);
      answer(response, 200, { ...Object.fromEntries(books), calls });
    } else if (providers[name]) {
      await provide(name, request, response, url, body);
    } else {
      answer(response, 404, {});
    }
  } catch (error) {
    answer(response, 500, { error: { message: String(error.stack) } });
  }
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
