import { Ede, Name, RRType } from '@mailanchor/dns';
import { describe, expect, it } from 'vitest';
import { FakeResolver } from './fake-resolver.ts';

const resolver = () =>
  new FakeResolver({
    zone: `
      example.org.            300 IN MX    10 mx.example.org.
      mx.example.org.         300 IN A     192.0.2.1
      alias.example.org.      300 IN CNAME mx.example.org.
      out.example.org.        300 IN CNAME mx.example.net.
      mx.example.net.         300 IN A     192.0.2.2
      back.example.net.       300 IN CNAME mx.example.org.
      tree.example.org.       300 IN DNAME example.net.
      loop.example.org.       300 IN CNAME loop.example.org.
      late.example.org.       300 IN CNAME broken.example.org.
      a.b.example.org.        300 IN A     192.0.2.3`,
    status: { 'example.net': 'insecure', 'signed.example.net': 'secure' },
    failures: {
      'broken.example.org A': { status: 'bogus', text: 'signature expired', ede: Ede.SIGNATURE_EXPIRED },
      'refused.example.org *': { status: 'indeterminate', rcode: 5 },
    },
    silent: ['slow.example.org A'],
  });

const ask = (name: string, type: number) => resolver().resolve(Name.fromText(name), type);

describe('FakeResolver', () => {
  const cases: [string, number, string, string][] = [
    ['example.org', RRType.MX, 'answer', 'secure'],
    ['EXAMPLE.ORG', RRType.MX, 'answer', 'secure'],
    ['mx.example.net', RRType.A, 'answer', 'insecure'],
    ['mx.example.org', RRType.AAAA, 'nodata', 'secure'],
    ['b.example.org', RRType.A, 'nodata', 'secure'],
    ['none.example.org', RRType.A, 'nxdomain', 'secure'],
    ['none.example.net', RRType.A, 'nxdomain', 'insecure'],
    ['none.signed.example.net', RRType.A, 'nxdomain', 'secure'],
    ['alias.example.org', RRType.A, 'answer', 'secure'],
    ['alias.example.org', RRType.CNAME, 'answer', 'secure'],
    ['out.example.org', RRType.A, 'answer', 'insecure'],
    ['back.example.net', RRType.A, 'answer', 'insecure'],
    ['mx.tree.example.org', RRType.A, 'answer', 'insecure'],
    ['loop.example.org', RRType.A, 'failure', 'indeterminate'],
    ['broken.example.org', RRType.A, 'failure', 'bogus'],
    ['late.example.org', RRType.A, 'failure', 'bogus'],
    ['refused.example.org', RRType.TLSA, 'failure', 'indeterminate'],
  ];
  for (const [name, type, kind, status] of cases) {
    it(`${name} ${type}: ${kind}, ${status}`, async () => {
      expect(await ask(name, type)).toMatchObject({ kind, status });
    });
  }

  it('keeps the status of each link by itself', async () => {
    const { aliases, canonicalName } = await ask('out.example.org', RRType.A);
    expect(aliases).toMatchObject([{ kind: 'CNAME', status: 'secure' }]);
    expect(canonicalName.toString()).toBe('mx.example.net.');
    expect((await ask('back.example.net', RRType.A)).aliases).toMatchObject([{ status: 'insecure' }]);
    expect((await ask('mx.tree.example.org', RRType.A)).aliases).toMatchObject([{ kind: 'DNAME' }]);
  });

  it('gives the reason and code of a failure, and no data with it', async () => {
    const failed = await ask('broken.example.org', RRType.A);
    expect(failed.reason).toEqual({ ede: Ede.SIGNATURE_EXPIRED, text: 'signature expired' });
    expect([failed.records, failed.answer]).toEqual([[], []]);
    expect(await ask('refused.example.org', RRType.A)).toMatchObject({ rcode: 5 });
  });

  it('a silent question ends by its time or by the signal', async () => {
    const name = Name.fromText('slow.example.org');
    const timedOut = await resolver().resolve(name, RRType.A, { timeoutMs: 5 });
    expect(timedOut).toMatchObject({ kind: 'failure', status: 'indeterminate' });
    const stop = new AbortController();
    const pending = resolver().resolve(name, RRType.A, { signal: stop.signal });
    stop.abort(new Error('stop'));
    await expect(pending).rejects.toThrow('stop');
  });

  it('notes what was asked, and refuses a table that names no type', async () => {
    const fake = resolver();
    await fake.resolve(Name.fromText('example.org'), RRType.MX);
    expect(fake.asked).toEqual([{ name: 'example.org.', type: RRType.MX }]);
    expect(
      () => new FakeResolver({ zone: '', failures: { 'a.example NOTYPE': { status: 'bogus' } } }),
    ).toThrow();
  });
});
