/** A verdict of the DANE matcher alone, for chains of one, two and three certificates. Aim: under 0.5 ms each. */
import { createHash } from 'node:crypto';
import { matchDane, type TlsaRecord } from '@mailanchor/dane';
import { Bench } from 'tinybench';
import {
  AT,
  type Issued,
  type KeyKind,
  makeCa,
  makeKey,
  makeLeaf,
} from '../packages/dane/test/make-certificate.ts';

const HOST = 'mx1.example.org';

function record(usage: number, selector: number, of: Issued): TlsaRecord {
  const data = createHash('sha256')
    .update(selector === 0 ? of.der : of.key.spki)
    .digest();
  return { usage, selector, matching: 1, data };
}

export default async function daneMatch(): Promise<void> {
  const bench = new Bench({ time: 500 });
  for (const kind of ['ec', 'rsa'] as const satisfies readonly KeyKind[]) {
    const root = makeCa('CN=Root', undefined, { key: makeKey(kind) });
    const issuer = makeCa('CN=Issuer', root, { key: makeKey(kind) });
    const leaf = makeLeaf(HOST, issuer, { key: makeKey(kind) });
    const lookAlikes = Array.from({ length: 10 }, () => makeCa('CN=Issuer', root));
    const add = (what: string, one: TlsaRecord, certificates: readonly Issued[], want: string): void => {
      const chain = certificates.map(({ der }) => der);
      const request = { records: [one], chain, names: [HOST], at: AT, mode: 'smtp' as const };
      const got = matchDane(request).kind;
      if (got !== want) throw new Error(`${what}: ${got}, not ${want}`);
      bench.add(`${kind === 'ec' ? 'P-256' : 'RSA-2048'} ${what}`, () => void matchDane(request));
    };
    add('3 1 1', record(3, 1, leaf), [leaf, issuer, root], 'match');
    add('2 1 1 issuer', record(2, 1, issuer), [leaf, issuer, root], 'match');
    add('2 0 1 root', record(2, 0, root), [leaf, issuer, root], 'match');
    add('2 0 1 root, 10 look-alikes', record(2, 0, root), [leaf, ...lookAlikes, issuer, root], 'match');
    add('no match', record(2, 0, lookAlikes[0]!), [leaf, issuer, root], 'mismatch');
  }
  await bench.run();
  console.table(
    bench.tasks.map((task) => {
      const { result } = task;
      if (!('latency' in result)) return { verdict: task.name };
      return {
        verdict: task.name,
        'median ms': Number(result.latency.p50.toFixed(4)),
        '99 % ms': Number(result.latency.p99.toFixed(4)),
        'per second': Math.round(result.throughput.mean),
      };
    }),
  );
}
