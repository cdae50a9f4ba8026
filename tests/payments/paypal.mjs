// PayPal, as far as we use it.
import { createHmac, randomBytes } from 'node:crypto';

export const CLIENT = 'paypal-client';
export const SECRET = 'paypal-secret';
export const WEBHOOK_ID = 'WH-STANDIN';

const id = () => randomBytes(8).toString('hex').toUpperCase();
const now = () => new Date().toISOString();
const cents = (amount) => Math.round(Number(amount.value) * 100);
const TOKEN = 'A21-standin';

export function paypal() {
  const orders = new Map();
  const captures = new Map();
  const refunds = new Map();
  const kept = new Map();
  const events = [];
  let replays = 0;

  const error = (status, message, issue) => ({ name: status === 422 ? 'UNPROCESSABLE_ENTITY' : 'ERROR', message, debug_id: id(), details: issue ? [{ issue, description: message }] : [] });
  const refuse = (status, message, issue) => ({ status, body: error(status, message, issue) });
  const tell = (event_type, resource) => events.push({
    id: `WH-${id()}`, event_version: '1.0', create_time: now(), resource_type: 'checkout-order', event_type, summary: event_type, resource: structuredClone(resource),
  });
  const link = (href, rel) => ({ href: `https://api-m.paypal.test${href}`, rel, method: 'GET' });

  function newOrder(asked) {
    const own = id();
    const order = {
      id: own, intent: asked.intent, status: 'PAYER_ACTION_REQUIRED', create_time: now(),
      purchase_units: asked.purchase_units.map((unit) => ({ reference_id: 'default', ...unit })),
      links: [link(`/v2/checkout/orders/${own}`, 'self'), { href: `https://www.paypal.test/checkoutnow?token=${own}`, rel: 'payer-action', method: 'GET' }],
    };
    orders.set(own, order);
    return { body: order };
  }

  function capture(order) {
    if (!order) return refuse(404, 'The specified resource does not exist.', 'INVALID_RESOURCE_ID');
    if (order.status === 'COMPLETED') return refuse(422, 'Order already captured.', 'ORDER_ALREADY_CAPTURED');
    if (order.declines) return refuse(422, 'The instrument presented was declined.', 'INSTRUMENT_DECLINED');
    if (order.status !== 'APPROVED') return refuse(422, 'Payer has not yet approved the Order.', 'ORDER_NOT_APPROVED');
    const [unit] = order.purchase_units;
    const made = {
      id: id(), status: 'COMPLETED', amount: unit.amount, final_capture: true, custom_id: unit.custom_id, invoice_id: unit.invoice_id,
      supplementary_data: { related_ids: { order_id: order.id } }, create_time: now(),
    };
    captures.set(made.id, made);
    unit.payments = { captures: [made] };
    order.status = 'COMPLETED';
    tell('PAYMENT.CAPTURE.COMPLETED', made);
    return { status: 201, body: order };
  }

  function newRefund(from, asked, how) {
    const unit = [...orders.values()].map((order) => order.purchase_units[0]).find((one) => one.payments?.captures[0] === from);
    if (!unit) return refuse(404, 'The specified resource does not exist.', 'RESOURCE_NOT_FOUND');
    const made = (unit.payments.refunds ??= []);
    const gone = made.filter((one) => one.status !== 'FAILED').reduce((sum, one) => sum + cents(one.amount), 0);
    if (cents(asked.amount) > cents(from.amount) - gone) {
      return refuse(422, 'The refund amount must be less than or equal to the capture amount that has not yet been refunded.', 'REFUND_AMOUNT_EXCEEDED');
    }
    const refund = {
      id: id(), amount: asked.amount, custom_id: asked.custom_id, invoice_id: asked.invoice_id, create_time: now(),
      status: { wait: 'PENDING', fail: 'FAILED' }[how] ?? 'COMPLETED', links: [link(`/v2/payments/captures/${from.id}`, 'up')],
    };
    made.push(refund);
    refunds.set(refund.id, refund);
    from.status = gone + cents(asked.amount) === cents(from.amount) ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
    tell('PAYMENT.CAPTURE.REFUNDED', refund);
    return { status: 201, body: refund };
  }

  const seal = (headers, event) => createHmac('sha256', 'paypal').update([headers.transmission_id, headers.transmission_time, WEBHOOK_ID, event].join('|')).digest('hex');

  // The signature is over the bytes of the event, so they are cut out of the question as they are.
  function verify(body) {
    const asked = JSON.parse(body);
    const event = body.slice(body.indexOf('"webhook_event":') + '"webhook_event":'.length, -1);
    const good = asked.webhook_id === WEBHOOK_ID && asked.transmission_sig === seal(asked, event);
    return { body: { verification_status: good ? 'SUCCESS' : 'FAILURE' } };
  }

  function books_of() {
    const line = (code, own, amount, custom, sign, of) => ({
      transaction_info: {
        transaction_id: own, paypal_reference_id: of, transaction_event_code: code, transaction_status: 'S', custom_field: custom,
        transaction_amount: { currency_code: amount.currency_code, value: `${sign}${amount.value}` }, transaction_initiation_date: now(),
      },
    });
    return [
      ...[...captures.values()].map((one) => line('T0006', one.id, one.amount, one.custom_id, '')),
      ...[...refunds.values()].map((one) => line('T1107', one.id, one.amount, one.custom_id, '-', one.links[0].href.split('/').at(-1))),
    ];
  }

  function route({ method, path, body, control }) {
    const [, , , kind, one, two] = path.split('/');
    if (path === '/v1/notifications/verify-webhook-signature') return verify(body);
    if (path === '/v1/reporting/transactions') return { body: { transaction_details: books_of(), total_pages: 1, page: 1 } };
    if (method === 'POST') {
      if (path === '/v2/checkout/orders') return newOrder(JSON.parse(body));
      if (kind === 'orders' && two === 'capture') return capture(orders.get(one));
      if (kind === 'captures' && two === 'refund') return newRefund(captures.get(one), JSON.parse(body), control.refunds);
    } else if (kind === 'orders' && orders.has(one)) {
      return { body: orders.get(one) };
    }
    return refuse(404, 'The specified resource does not exist.', 'INVALID_RESOURCE_ID');
  }

  function handle(call) {
    if (call.path === '/v1/oauth2/token') {
      const good = call.headers.authorization === `Basic ${Buffer.from(`${CLIENT}:${SECRET}`).toString('base64')}`;
      return good ? { body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 32_400 } } : refuse(401, 'Client Authentication failed');
    }
    if (call.headers.authorization !== `Bearer ${TOKEN}`) return refuse(401, 'Authentication failed');
    const key = call.method === 'POST' && call.headers['paypal-request-id'];
    if (!key) return route(call);
    if (kept.has(call.path + key)) {
      replays += 1;
      return kept.get(call.path + key);
    }
    const reply = structuredClone(route(call));
    // PayPal keeps the answers of acts, not of refusals.
    if ((reply.status ?? 200) < 300) kept.set(call.path + key, reply);
    return reply;
  }

  function act(what, reference) {
    const refund = refunds.get(reference);
    if (refund) {
      refund.status = what === 'refunded' ? 'COMPLETED' : 'FAILED';
      tell(what === 'refunded' ? 'PAYMENT.CAPTURE.REFUNDED' : 'PAYMENT.REFUND.FAILED', refund);
      return refund;
    }
    const order = orders.get(reference);
    if (what === 'expire') {
      order.status = 'VOIDED';
      return {};
    }
    Object.assign(order, { status: 'APPROVED', declines: what === 'fail' });
    tell('CHECKOUT.ORDER.APPROVED', order);
    return {};
  }

  function sign(body, _, how) {
    if (how === 'none') return {};
    const transmission = { transmission_id: id(), transmission_time: now() };
    return {
      'paypal-auth-algo': 'SHA256withRSA', 'paypal-cert-url': 'https://api.paypal.test/cert', 'paypal-transmission-id': transmission.transmission_id,
      'paypal-transmission-time': transmission.transmission_time, 'paypal-transmission-sig': how === 'wrong' ? 'wrong' : seal(transmission, body),
    };
  }

  const books = () => ({ payments: [...captures.values()], orders: orders.size, refunds: [...refunds.values()], replays });
  const looks = ['/v1/oauth2/token', '/v1/notifications/verify-webhook-signature'];
  return { handle, act, sign, error, events, books, looks, keyOf: (request) => request.headers['paypal-request-id'] };
}
