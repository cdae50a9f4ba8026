// Stripe, as far as we use it: whole objects of API version 2026-09-30, idempotency keys, signed events.
import { createHash, createHmac, randomBytes } from 'node:crypto';

export const KEY = 'sk_test_standin';
export const WEBHOOK_SECRET = 'whsec_standin';

const nulls = (names) => Object.fromEntries(names.split(' ').map((name) => [name, null]));
const id = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;
const seconds = () => Math.floor(Date.now() / 1000);

const SESSION = nulls('adaptive_pricing after_expiration allow_promotion_codes billing_address_collection cancel_url client_reference_id client_secret collected_information consent consent_collection currency_conversion customer customer_account customer_creation customer_details customer_email discounts invoice invoice_creation locale origin_context payment_intent payment_link payment_method_collection payment_method_configuration_details payment_method_options permissions phone_number_collection recovered_from saved_payment_method_options setup_intent shipping_address_collection shipping_cost submit_type subscription success_url total_details ui_mode url wallet_options');
const INTENT = nulls('application application_fee_amount automatic_payment_methods canceled_at cancellation_reason client_secret customer customer_account description last_payment_error latest_charge next_action on_behalf_of payment_method payment_method_configuration_details payment_method_options processing receipt_email review setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data transfer_group');
const REFUND = nulls('balance_transaction charge customer_account description failure_balance_transaction failure_reason instructions_email payment_intent pending_reason reason receipt_number source_transfer_reversal transfer_reversal');

// a[b][0]=c → { a: { b: { 0: 'c' } } }
function form(text) {
  const root = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const parts = name.replaceAll(']', '').split('[');
    let place = root;
    for (const part of parts.slice(0, -1)) place = place[part] ??= {};
    place[parts.at(-1)] = value;
  }
  return root;
}

export function stripe() {
  const sessions = new Map();
  const intents = new Map();
  const refunds = new Map();
  const kept = new Map();
  const events = [];
  let replays = 0;

  const error = (status, message, type = status >= 500 ? 'api_error' : 'invalid_request_error', more = {}) => ({
    error: { message, type, doc_url: null, param: null, code: null, ...more },
  });
  const refuse = (status, message, type, more) => ({ status, body: error(status, message, type, more) });

  const tell = (type, object) => events.push({
    id: id('evt'), object: 'event', api_version: '2026-09-30.endive', created: seconds(), type, livemode: false,
    pending_webhooks: 1, request: { id: null, idempotency_key: null }, data: { object: structuredClone(object) },
  });

  function newIntent({ amount, currency, metadata = {}, description = null }) {
    const own = id('pi');
    const intent = {
      ...INTENT, id: own, object: 'payment_intent', amount: Number(amount), amount_capturable: 0, amount_details: { tip: {} },
      amount_received: 0, automatic_payment_methods: { allow_redirects: 'always', enabled: true }, capture_method: 'automatic_async',
      client_secret: `${own}_secret_${randomBytes(8).toString('hex')}`, confirmation_method: 'automatic', created: seconds(),
      currency, description, livemode: false, metadata, payment_method_types: ['card'], status: 'requires_payment_method',
    };
    intents.set(own, intent);
    return intent;
  }

  function newSession(asked) {
    const [item] = Object.values(asked.line_items);
    const own = id('cs_test');
    const amount = Number(item.price_data.unit_amount) * Number(item.quantity);
    const session = {
      ...SESSION, id: own, object: 'checkout.session', amount_subtotal: amount, amount_total: amount,
      automatic_tax: { enabled: false, liability: null, provider: null, status: null }, cancel_url: asked.cancel_url ?? null,
      client_reference_id: asked.client_reference_id ?? null, created: seconds(), currency: item.price_data.currency,
      custom_fields: [], custom_text: nulls('after_submit shipping_address submit terms_of_service_acceptance'),
      expires_at: seconds() + 86_400, livemode: false, metadata: asked.metadata ?? {}, mode: asked.mode,
      payment_method_types: ['card'], payment_status: 'unpaid', shipping_options: [], status: 'open',
      success_url: asked.success_url ?? null, ui_mode: 'hosted_page', url: `https://checkout.stripe.test/c/pay/${own}`,
    };
    sessions.set(own, session);
    session.intentData = asked.payment_intent_data ?? {};
    return session;
  }

  const shownSession = ({ intentData, ...session }, expand) => ({
    ...session,
    payment_intent: expand && session.payment_intent ? intents.get(session.payment_intent) : session.payment_intent,
  });

  function newRefund(asked, how) {
    const intent = intents.get(asked.payment_intent);
    if (!intent) return refuse(404, `No such payment_intent: '${asked.payment_intent}'`, undefined, { code: 'resource_missing', param: 'payment_intent' });
    if (intent.status !== 'succeeded') return refuse(400, 'This PaymentIntent does not have a successful charge to refund.');
    const amount = Number(asked.amount ?? intent.amount_received);
    const alive = [...refunds.values()].filter((one) => one.payment_intent === intent.id && !['failed', 'canceled'].includes(one.status));
    const left = intent.amount_received - alive.reduce((sum, one) => sum + one.amount, 0);
    if (amount > left) {
      return left === 0
        ? refuse(400, 'The charge has already been refunded.', undefined, { code: 'charge_already_refunded' })
        : refuse(400, `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, undefined, { param: 'amount' });
    }
    const refund = {
      ...REFUND, id: id('re'), object: 'refund', amount, charge: intent.latest_charge, created: seconds(), currency: intent.currency,
      metadata: asked.metadata ?? {}, payment_intent: intent.id, reason: asked.reason ?? null,
      destination_details: { card: { type: 'refund' }, type: 'card' }, status: { wait: 'pending', fail: 'failed' }[how] ?? 'succeeded',
    };
    if (refund.status === 'failed') refund.failure_reason = 'expired_or_canceled_card';
    refunds.set(refund.id, refund);
    tell('refund.created', refund);
    return { body: refund };
  }

  function page(rows, query, url) {
    const since = Number(query.get('created[gte]') ?? 0);
    const limit = Number(query.get('limit') ?? 10);
    let found = [...rows].filter((row) => row.created >= since).reverse();
    const after = query.get('starting_after');
    if (after) found = found.slice(found.findIndex((row) => row.id === after) + 1);
    return { body: { object: 'list', url, has_more: found.length > limit, data: found.slice(0, limit) } };
  }

  function route({ method, path, query, body, control }) {
    const [, , kind, one, two] = path.split('/');
    if (method === 'POST') {
      if (path === '/v1/checkout/sessions') return { body: shownSession(newSession(form(body))) };
      if (path === '/v1/payment_intents') return { body: newIntent(form(body)) };
      if (path === '/v1/refunds') return newRefund(form(body), control.refunds);
    } else if (kind === 'checkout' && one === 'sessions' && two) {
      const session = sessions.get(two);
      if (session) return { body: shownSession(session, [...query.values()].includes('payment_intent')) };
    } else if (kind === 'payment_intents') {
      if (!one) return page(intents.values(), query, '/v1/payment_intents');
      if (intents.has(one)) return { body: intents.get(one) };
    } else if (kind === 'refunds') {
      const of = query.get('payment_intent');
      return page([...refunds.values()].filter((refund) => !of || refund.payment_intent === of), query, '/v1/refunds');
    }
    return refuse(404, `Unrecognized request URL or no such object (${method}: ${path}).`);
  }

  function handle(call) {
    if (call.headers.authorization !== `Bearer ${KEY}`) return refuse(401, 'Invalid API Key provided');
    const key = call.headers['idempotency-key'];
    if (call.method !== 'POST' || !key) return route(call);
    const hash = createHash('sha256').update(call.path + call.body).digest('hex');
    const before = kept.get(key);
    if (before) {
      if (before.hash !== hash) {
        return refuse(400, 'Keys for idempotent requests can only be used with the same parameters they were first used with.', 'idempotency_error');
      }
      replays += 1;
      return { ...before.reply, headers: { 'idempotent-replayed': 'true' } };
    }
    const reply = structuredClone(route(call));
    kept.set(key, { hash, reply });
    return reply;
  }

  // What happens to a session or an intent.
  function act(what, reference) {
    const refund = [...refunds.values()].find((one) => one.id === reference);
    if (refund) {
      refund.status = what === 'refunded' ? 'succeeded' : 'failed';
      if (refund.status === 'failed') refund.failure_reason = 'lost_or_stolen_card';
      tell(refund.status === 'failed' ? 'refund.failed' : 'refund.updated', refund);
      return refund;
    }
    const session = sessions.get(reference);
    if (what === 'expire') {
      session.status = 'expired';
      tell('checkout.session.expired', shownSession(session));
      return {};
    }
    if (session) session.payment_intent ??= newIntent({ amount: session.amount_total, currency: session.currency, ...session.intentData }).id;
    const intent = intents.get(session?.payment_intent ?? reference);
    if (what === 'challenge') {
      intent.status = 'requires_action';
      intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: {} };
      tell('payment_intent.requires_action', intent);
    } else if (what === 'fail') {
      intent.status = 'requires_payment_method';
      intent.last_payment_error = error(402, 'Your card was declined.', 'card_error', { code: 'card_declined' }).error;
      tell('payment_intent.payment_failed', intent);
    } else {
      Object.assign(intent, { status: 'succeeded', amount_received: intent.amount, last_payment_error: null, next_action: null, latest_charge: id('ch') });
      tell('payment_intent.succeeded', intent);
      if (session) {
        Object.assign(session, { status: 'complete', payment_status: 'paid', url: null });
        tell('checkout.session.completed', shownSession(session));
      }
      tell('charge.updated', { id: intent.latest_charge, object: 'charge' });
    }
    return { intent: intent.id };
  }

  function sign(body, now, how) {
    if (how === 'none') return {};
    const at = now ?? seconds();
    const digest = createHmac('sha256', how === 'wrong' ? 'whsec_wrong' : WEBHOOK_SECRET).update(`${at}.${body}`).digest('hex');
    return { 'stripe-signature': `t=${at},v1=${digest},v0=${'0'.repeat(64)}` };
  }

  const books = () => ({ payments: [...intents.values()], sessions: sessions.size, refunds: [...refunds.values()], replays });
  return { handle, act, sign, error, events, books, keyOf: (request) => request.headers['idempotency-key'] };
}
