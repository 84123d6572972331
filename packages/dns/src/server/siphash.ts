/**
 * SipHash-2-4: 64 bits of a message under a key of 128 (rfc9018#section-4.4). Node has none, and numbers of 64 bits are slow here, so
 * each is two of 32. Little-endian throughout, as SipHash is defined.
 */

/** The state: v0 to v3, low half then high half. Hashing is synchronous, so one will do. */
const v = new Int32Array(8);

function add(a: number, b: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0);
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0);
  v[a] = low;
}

/** Rotates `a` left by fewer than 32 bits, then mixes `b` in. */
function rotateXor(a: number, bits: number, b: number): void {
  const low = v[a]!;
  const high = v[a + 1]!;
  v[a] = ((low << bits) | (high >>> (32 - bits))) ^ v[b]!;
  v[a + 1] = ((high << bits) | (low >>> (32 - bits))) ^ v[b + 1]!;
}

/** Rotates by 32 bits. */
function swap(a: number): void {
  const low = v[a]!;
  v[a] = v[a + 1]!;
  v[a + 1] = low;
}

const V0 = 0;
const V1 = 2;
const V2 = 4;
const V3 = 6;

function round(): void {
  add(V0, V1);
  rotateXor(V1, 13, V0);
  swap(V0);
  add(V2, V3);
  rotateXor(V3, 16, V2);
  add(V0, V3);
  rotateXor(V3, 21, V0);
  add(V2, V1);
  rotateXor(V1, 17, V2);
  swap(V2);
}

function word(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
}

function mix(low: number, high: number): void {
  v[V3] = v[V3]! ^ low;
  v[V3 + 1] = v[V3 + 1]! ^ high;
  round();
  round();
  v[V0] = v[V0]! ^ low;
  v[V0 + 1] = v[V0 + 1]! ^ high;
}

/** Eight octets. `key` has sixteen. */
export function sipHash24(message: Uint8Array, key: Uint8Array): Uint8Array {
  const k = [word(key, 0), word(key, 4), word(key, 8), word(key, 12)] as const;
  // "somepseudorandomlygeneratedbytes"
  v[0] = k[0] ^ 0x70736575;
  v[1] = k[1] ^ 0x736f6d65;
  v[2] = k[2] ^ 0x6e646f6d;
  v[3] = k[3] ^ 0x646f7261;
  v[4] = k[0] ^ 0x6e657261;
  v[5] = k[1] ^ 0x6c796765;
  v[6] = k[2] ^ 0x79746573;
  v[7] = k[3] ^ 0x74656462;
  const { length } = message;
  const whole = length - (length % 8);
  for (let at = 0; at < whole; at += 8) mix(word(message, at), word(message, at + 4));
  const last = new Uint8Array(8);
  last.set(message.subarray(whole));
  last[7] = length;
  mix(word(last, 0), word(last, 4));
  v[V2] = v[V2]! ^ 0xff;
  for (let i = 0; i < 4; i++) round();
  const hash = new Uint8Array(8);
  for (const [at, half] of [
    [0, 0],
    [4, 1],
  ] as const) {
    const value = v[V0 + half]! ^ v[V1 + half]! ^ v[V2 + half]! ^ v[V3 + half]!;
    for (let i = 0; i < 4; i++) hash[at + i] = value >>> (8 * i);
  }
  return hash;
}
