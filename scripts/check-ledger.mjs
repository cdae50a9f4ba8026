#!/usr/bin/env node
// Re-adds a ledger that `skillswap ledger export` wrote, without anything of SkillSwap:
// every transaction sums to zero in each asset, every kept balance is the sum of its account's postings, what a wallet
// says is held is in the escrows that its owner pays, and the chain of hashes runs through every sealed transaction.
// usage: skillswap ledger export | node scripts/check-ledger.mjs
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';

const accounts = new Map();
const sums = new Map();
const totals = new Map();
const faults = [];
let transactions = 0;
let inBlock = [];
let head = { block: 0n, hash: '00'.repeat(32) };

const add = (map, key, amount) => map.set(key, (map.get(key) ?? 0n) + amount);

// A value in a hash: whether it is there (1 byte), how long it is (8 bytes), itself.
const framed = (value) => {
  const bytes = value ?? Buffer.alloc(0);
  const frame = Buffer.alloc(9);
  frame[0] = value === null ? 0 : 1;
  frame.writeBigUInt64BE(BigInt(bytes.length), 1);
  return Buffer.concat([frame, bytes]);
};
const text = (value) => framed(Buffer.from(value));
const uuid = (value) => framed(value === null ? null : Buffer.from(value.replaceAll('-', ''), 'hex'));
const number = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return framed(bytes);
};
const sha256 = (label, parts) => createHash('sha256').update(Buffer.concat([Buffer.from(label), ...parts])).digest('hex');
const microseconds = (instant) => BigInt(Date.parse(instant.slice(0, 19) + 'Z')) * 1000n + BigInt(instant.slice(20, 26));

function transaction(row) {
  transactions += 1;
  const inAsset = new Map();
  for (const { account, asset, amount } of row.postings) {
    add(inAsset, asset, BigInt(amount));
    add(totals, asset, BigInt(amount));
    add(sums, account, BigInt(amount));
  }
  for (const [asset, sum] of inAsset) {
    if (sum !== 0n) faults.push(`transaction ${row.id} sums to ${sum} ${asset}`);
  }
  if (row.postings.length === 0) faults.push(`transaction ${row.id} has no postings`);
  if (row.hash === null) return;
  const parts = [
    uuid(row.id),
    text(row.kind),
    uuid(row.subject),
    uuid(row.reference),
    number(microseconds(row.createdAt)),
    number(row.postings.length),
  ];
  for (const { account, asset, amount } of row.postings) {
    const known = accounts.get(account);
    const { kind, owner } = known?.asset === asset ? known : { kind: '', owner: null };
    parts.push(uuid(account), text(kind), uuid(owner), text(asset), number(amount));
  }
  const hash = sha256('skillswap ledger transaction 1', parts);
  if (hash !== row.hash) faults.push(`transaction ${row.id} in block ${row.block} is not what was sealed`);
  inBlock.push(row.hash);
}

function block(row) {
  const next = head.block + 1n;
  const parts = [number(next), framed(Buffer.from(head.hash, 'hex'))];
  const hash = sha256('skillswap ledger block 1', [...parts, ...inBlock.map((hash) => framed(Buffer.from(hash, 'hex')))]);
  if (BigInt(row.block) !== next || hash !== row.hash || BigInt(row.transactions) !== BigInt(inBlock.length)) {
    faults.push(`block ${row.block} does not follow from what is before it`);
  }
  head = { block: next, hash: row.hash };
  inBlock = [];
}

for await (const line of createInterface({ input: process.stdin })) {
  const row = JSON.parse(line);
  if (row.type === 'ledger' && row.version !== 1) faults.push(`version ${row.version} is not known here`);
  if (row.type === 'account') accounts.set(row.id, row);
  if (row.type === 'transaction') transaction(row);
  if (row.type === 'block') block(row);
}

const escrows = new Map();
for (const { id, kind, asset, balance, payer } of accounts.values()) {
  if (balance !== null && BigInt(balance) !== (sums.get(id) ?? 0n)) {
    faults.push(`${kind} ${id} keeps ${balance}, its postings sum to ${sums.get(id) ?? 0n}`);
  }
  if (kind === 'ESCROW') add(escrows, `${payer} ${asset}`, BigInt(balance));
}
for (const { id, kind, owner, asset, held } of accounts.values()) {
  const inEscrow = escrows.get(`${owner} ${asset}`) ?? 0n;
  if (kind === 'WALLET' && BigInt(held) !== inEscrow) faults.push(`WALLET ${id} holds ${held}, the escrows have ${inEscrow}`);
}

for (const [asset, sum] of totals) console.log(`${asset} sums to ${sum}`);
console.log(`${accounts.size} accounts, ${transactions} transactions, head ${head.block}:${head.hash}`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
