/**
 * A verdict of the DANE matcher alone, beside OpenSSL's verifier as Postfix sets it up (where a C compiler and libssl-dev are): the same
 * chains and records, each with the parsing of the certificates, in turns within one run. Aim: under 0.5 ms each.
 */
import { createHash } from 'node:crypto';
import { matchDane, type TlsaRecord } from '@mailanchor/dane';
import {
  AT,
  extension,
  type Issued,
  type KeyKind,
  makeCa,
  makeKey,
  makeLeaf,
} from '../packages/dane/test/make-certificate.ts';
import { openPeer, type PeerCase, whyNoPeer } from '../packages/dane/test/openssl/peer.ts';

const HOST = 'mx1.example.org';
const ROUNDS = 9;
/** Of each side in each round. */
const VERDICTS = 60;

interface Work {
  readonly what: string;
  readonly request: PeerCase;
  readonly want: string;
}

function record(usage: number, selector: number, of: Issued, matching = 1): TlsaRecord {
  const selected = selector === 0 ? of.der : of.key.spki;
  const data = matching === 0 ? selected : createHash('sha256').update(selected).digest();
  return { usage, selector, matching, data };
}

function* works(): Generator<Work> {
  for (const kind of ['ec', 'rsa'] as const satisfies readonly KeyKind[]) {
    const root = makeCa('CN=Root', undefined, { key: makeKey(kind) });
    const issuer = makeCa('CN=Issuer', root, { key: makeKey(kind) });
    const leaf = makeLeaf(HOST, issuer, { key: makeKey(kind) });
    const ten = (profile: { readonly keyIds: boolean }): Issued[] =>
      Array.from({ length: 10 }, () => makeCa('CN=Issuer', root, profile));
    const lookAlikes = ten({ keyIds: true });
    const blind = ten({ keyIds: false });
    const bound = makeCa('CN=Bound', root, {
      key: makeKey(kind),
      extensions: [extension.nameConstraints(['dns:example.org'], ['dns:secret.example.org'])],
    });
    const many = makeLeaf([...Array.from({ length: 100 }, (_, n) => `h${n}.example.org`), HOST], bound);
    const strangers = Array.from({ length: 30 }, (_, n) => makeCa(`CN=Stranger ${n}`));
    const steps = [root];
    while (steps.length < 10)
      steps.push(makeCa(`CN=Step ${steps.length}`, steps.at(-1), { key: makeKey(kind) }));
    const deep = makeLeaf(HOST, steps.at(-1));
    const work = (what: string, one: TlsaRecord, chain: readonly Issued[], want = 'match'): Work => ({
      what: `${kind === 'ec' ? 'P-256' : 'RSA-2048'} ${what}`,
      request: {
        records: [one],
        chain: chain.map(({ der }) => der),
        names: [HOST],
        at: AT,
        mode: 'smtp',
        ca: [],
        eeNames: false,
      },
      want,
    });
    yield work('3 1 1', record(3, 1, leaf), [leaf, issuer, root]);
    yield work('2 1 1 issuer', record(2, 1, issuer), [leaf, issuer, root]);
    yield work('2 0 1 root', record(2, 0, root), [leaf, issuer, root]);
    yield work('2 1 0 root, not sent', record(2, 1, root, 0), [leaf, issuer]);
    yield work('2 0 1 root, 10 look-alikes', record(2, 0, root), [leaf, ...lookAlikes, issuer, root]);
    yield work('2 0 1 root, 100 names under constraints', record(2, 0, root), [many, bound, root]);
    yield work('2 0 1 root, 30 strangers, reversed', record(2, 0, root), [leaf, ...strangers, root, issuer]);
    yield work('2 0 1 root, 10 CAs deep', record(2, 0, root), [deep, ...steps.toReversed()]);
    yield work('no match', record(2, 0, lookAlikes[0]!), [leaf, issuer, root], 'mismatch');
    // Where OpenSSL takes the first of them and refuses, every one is tried.
    yield work('2 0 1 root, 10 look-alikes without identifiers', record(2, 0, root), [
      leaf,
      ...blind,
      issuer,
      root,
    ]);
  }
}

/** Microseconds of a verdict, the mean of some. */
function measureOurs({ request }: Work): number {
  const from = performance.now();
  for (let n = 0; n < VERDICTS; n++) matchDane(request);
  return ((performance.now() - from) / VERDICTS) * 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

export default function daneMatch(): Promise<void> {
  const absent = whyNoPeer();
  const peer = absent === undefined ? openPeer() : undefined;
  console.log(peer ? `beside ${peer.version}` : `without OpenSSL: ${absent}`);
  const all = [...works()];
  for (const work of all) {
    const got = matchDane(work.request).kind;
    if (got !== work.want) throw new Error(`${work.what}: ${got}, not ${work.want}`);
    for (let n = 0; n < 200; n++) matchDane(work.request);
  }
  const taken = all.map(() => ({ ours: [] as number[], theirs: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, work] of all.entries()) {
      taken[n]!.ours.push(measureOurs(work));
      const [theirs] = peer?.judge([work.request], VERDICTS) ?? [];
      if (theirs?.kind === 'judged') taken[n]!.theirs.push((theirs.nanoseconds ?? Number.NaN) / 1000);
    }
  }
  peer?.remove();
  console.table(
    all.map(({ what }, n) => {
      const { ours, theirs } = taken[n]!;
      const ratios = ours.map((own, round) => own / (theirs[round] ?? Number.NaN));
      return {
        verdict: what,
        'ours, us': Math.round(median(ours)),
        'OpenSSL, us': Math.round(median(theirs)),
        'ours / OpenSSL': Number(median(ratios).toFixed(2)),
      };
    }),
  );
  return Promise.resolve();
}
