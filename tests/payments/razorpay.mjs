// Razorpay, as far as we use it.
import { createHmac, randomBytes } from 'node:crypto';

export const KEY = 'rzp_test_standin';
export const SECRET = 'razorpay-secret';
export const WEBHOOK_SECRET = 'razorpay-webhooks';

const id = (prefix) => `${prefix}_${randomBytes(7).toString('hex')}`;
const seconds = () => Math.floor(Date.now() / 1000);

export function razorpay() {
  const links = new Map();
  const orders = new Map();
  const payments = new Map();
  const refunds = new Map();
  const keys = new Map();
  const events = [];
  let replays = 0;

  const error = (_, description) => ({ error: { code: 'BAD_REQUEST_ERROR', description, source: 'business', step: null, reason: null, metadata: {} } });
  const refuse = (status, description) => ({ status, body: error(status, description) });
  const list = (items) => ({ body: { entity: 'collection', count: items.length, items } });

  function tell(event, entities) {
    const payload = Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity: structuredClone(entity) }]));
    events.push({ entity: 'event', account_id: 'acc_standin', event, contains: Object.keys(payload), payload, created_at: seconds() });
  }

  function newLink(asked) {
    if ([...links.values()].some((link) => link.reference_id === asked.reference_id)) {
      return refuse(400, `payment link with given reference_id (${asked.reference_id}) already exists`);
    }
    const own = id('plink');
    const link = {
      ...asked, id: own, amount_paid: 0, status: 'created', payments: null, short_url: `https://rzp.io/i/${own.slice(-7)}`,
      created_at: seconds(), expire_by: 0, accept_partial: false, upi_link: false,
    };
    links.set(own, link);
    return { body: link };
  }

  function newOrder(asked) {
    const order = { ...asked, id: id('order'), entity: 'order', amount_paid: 0, amount_due: asked.amount, attempts: 0, status: 'created', created_at: seconds() };
    orders.set(order.id, order);
    return { body: order };
  }

  function newRefund(payment, asked, key, how) {
    if (key && keys.has(key)) {
      replays += 1;
      return keys.get(key);
    }
    if (payment?.status !== 'captured' && payment?.status !== 'refunded') return refuse(400, 'The payment is not captured');
    const alive = [...refunds.values()].filter((one) => one.payment_id === payment.id && one.status !== 'failed');
    if (asked.amount > payment.amount - alive.reduce((sum, one) => sum + one.amount, 0)) {
      return refuse(400, 'The total refund amount is greater than the refund payment amount');
    }
    const refund = {
      id: id('rfnd'), entity: 'refund', amount: asked.amount, currency: payment.currency, payment_id: payment.id, notes: asked.notes,
      receipt: asked.receipt ?? null, acquirer_data: { arn: null }, created_at: seconds(), batch_id: null,
      status: { wait: 'pending', fail: 'failed' }[how] ?? 'processed', speed_processed: 'normal', speed_requested: 'normal',
    };
    refunds.set(refund.id, refund);
    tell('refund.created', { refund, payment });
    if (key) keys.set(key, { body: refund });
    return { body: refund };
  }

  function handle({ method, path, query, headers, body, control }) {
    if (headers.authorization !== `Basic ${Buffer.from(`${KEY}:${SECRET}`).toString('base64')}`) return refuse(401, 'Authentication failed');
    const [, , kind, one, two] = path.split('/');
    const asked = body ? JSON.parse(body) : {};
    if (method === 'POST') {
      if (kind === 'payment_links') return newLink(asked);
      if (kind === 'orders') return newOrder(asked);
      if (kind === 'payments' && two === 'refund') return newRefund(payments.get(one), asked, headers['x-refund-idempotency'], control.refunds);
    } else if (kind === 'payment_links') {
      if (one) return links.has(one) ? { body: links.get(one) } : refuse(400, 'The id provided does not exist');
      return { body: { payment_links: [...links.values()].filter((link) => link.reference_id === query.get('reference_id')) } };
    } else if (kind === 'orders') {
      if (one) return list([...payments.values()].filter((payment) => payment.order_id === one).reverse());
      return list([...orders.values()].filter((order) => order.receipt === query.get('receipt')));
    } else if (kind === 'payments') {
      if (two === 'refunds') return list([...refunds.values()].filter((refund) => refund.payment_id === one));
      return list([...payments.values()]);
    } else if (kind === 'refunds') {
      return list([...refunds.values()]);
    }
    return refuse(404, 'The requested URL was not found on the server.');
  }

  function act(what, reference) {
    const refund = refunds.get(reference);
    if (refund) {
      refund.status = what === 'refunded' ? 'processed' : 'failed';
      tell(`refund.${refund.status}`, { refund, payment: payments.get(refund.payment_id) });
      return refund;
    }
    const link = links.get(reference);
    const order = orders.get(reference);
    if (what === 'expire') {
      link.status = 'expired';
      tell('payment_link.expired', { payment_link: link });
      return {};
    }
    const { amount, currency, notes } = link ?? order;
    const payment = {
      id: id('pay'), entity: 'payment', amount, currency, status: what === 'fail' ? 'failed' : 'captured', order_id: order?.id ?? id('order'),
      method: 'upi', amount_refunded: 0, captured: what !== 'fail', notes, created_at: seconds(),
    };
    payments.set(payment.id, payment);
    tell(what === 'fail' ? 'payment.failed' : 'payment.captured', { payment });
    if (link && what === 'pay') {
      Object.assign(link, { status: 'paid', amount_paid: amount, payments: [{ payment_id: payment.id, amount, status: 'captured', method: 'upi' }] });
      tell('payment_link.paid', { payment_link: link, payment });
    }
    if (order && what === 'pay') Object.assign(order, { status: 'paid', amount_paid: amount, amount_due: 0 });
    return { payment: payment.id };
  }

  function sign(body, _, how) {
    if (how === 'none') return {};
    const digest = createHmac('sha256', how === 'wrong' ? 'wrong' : WEBHOOK_SECRET).update(body).digest('hex');
    return { 'x-razorpay-signature': digest, 'x-razorpay-event-id': createHmac('sha256', 'id').update(body).digest('hex').slice(0, 14) };
  }

  const books = () => ({ payments: [...payments.values()], links: links.size, orders: orders.size, refunds: [...refunds.values()], replays });
  return { handle, act, sign, error, events, books, keyOf: (request) => request.headers['x-refund-idempotency'] };
}
