import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AT, type Issued, makeCa, makeKey, makeLeaf, name } from '../test/make-certificate.ts';
import { type DaneVerdict, matchDane, SearchBudget } from './index.ts';
import { MAX_PATHS, MAX_SIGNATURE_CHECKS } from './limits.ts';

const HOST = 'mx1.example.org';

function search(
  anchor: Issued,
  chain: readonly Issued[],
  budget = new SearchBudget(),
): [DaneVerdict, SearchBudget] {
  const data = createHash('sha256').update(anchor.der).digest();
  const verdict = matchDane({
    records: [{ usage: 2, selector: 0, matching: 1, data }],
    chain: chain.map(({ der }) => der),
    names: [HOST],
    at: AT,
    mode: 'smtp',
    budget,
  });
  return [verdict, budget];
}

/** `length` CA certificates, each issued by the one before; the last issues the leaf. */
function ladder(length: number): Issued[] {
  const steps = [makeCa('CN=Step 0')];
  while (steps.length < length) steps.push(makeCa(`CN=Step ${steps.length}`, steps.at(-1)));
  return steps;
}

describe('certificate path', () => {
  test('an ordinary chain costs a signature for each link', () => {
    const [root, middle] = ladder(2) as [Issued, Issued];
    const leaf = makeLeaf(HOST, middle);
    const [verdict, budget] = search(root, [leaf, middle, root]);
    expect(verdict).toMatchObject({ kind: 'match', depth: 2 });
    expect(budget).toMatchObject({ signatureChecks: 2, exhausted: false });
  });

  test('a fitting key identifier saves the look-alikes', () => {
    const root = makeCa('CN=Root');
    const leaf = makeLeaf(HOST, root);
    const lookAlikes = Array.from({ length: 20 }, () => makeCa('CN=Root'));
    const [verdict, budget] = search(root, [leaf, ...lookAlikes, root]);
    expect(verdict).toMatchObject({ kind: 'match', depth: 1 });
    expect(budget.signatureChecks).toBe(1);
  });

  test('twenty look-alikes without key identifiers are all tried', () => {
    const root = makeCa('CN=Root', undefined, { keyIds: false });
    const leaf = makeLeaf(HOST, root, { keyIds: false });
    const lookAlikes = Array.from({ length: 20 }, () => makeCa('CN=Root', undefined, { keyIds: false }));
    expect(search(root, [leaf, ...lookAlikes, root])[0]).toMatchObject({ kind: 'match', depth: 1 });
  });

  test('101 certificates above the leaf are followed, in any order', () => {
    const steps = ladder(101);
    const leaf = makeLeaf(HOST, steps.at(-1));
    expect(search(steps[0]!, [leaf, ...steps])[0]).toMatchObject({ kind: 'match', depth: 101 });
  });

  test('a longer path is given up', () => {
    const steps = ladder(102);
    const leaf = makeLeaf(HOST, steps.at(-1));
    const [verdict, budget] = search(steps[0]!, [leaf, ...steps]);
    expect(verdict).toMatchObject({ kind: 'mismatch', reason: 'untrusted' });
    expect(budget.exhausted).toBe(true);
  });

  test('100 look-alikes of which none issued anything: bounded signatures', () => {
    const issuer = makeCa('CN=Same', undefined, { keyIds: false });
    const leaf = makeLeaf(HOST, issuer, { keyIds: false });
    const lookAlikes = Array.from({ length: 200 }, () => makeCa('CN=Same', undefined, { keyIds: false }));
    const [verdict, budget] = search(lookAlikes[0]!, [leaf, ...lookAlikes]);
    expect(verdict).toMatchObject({ kind: 'mismatch', reason: 'bad-signature', depth: 1 });
    expect(budget.signatureChecks).toBe(MAX_SIGNATURE_CHECKS);
  });

  test('two CAs that signed each other make no circle', () => {
    const [a, b] = [makeKey(), makeKey()];
    const nameOf = (text: string, key = a): Issued => ({ der: Buffer.alloc(0), subject: name(text), key });
    const aByB = makeCa('CN=A', nameOf('CN=B', b), { key: a });
    const bByA = makeCa('CN=B', nameOf('CN=A', a), { key: b });
    const leaf = makeLeaf(HOST, aByB);
    expect(search(bByA, [leaf, aByB, bByA])[0]).toMatchObject({ kind: 'match', depth: 2 });
    const unrelated = makeCa('CN=C');
    expect(search(unrelated, [leaf, aByB, bByA, unrelated])).toMatchObject([
      { kind: 'mismatch', reason: 'no-match', text: expect.stringContaining('did not issue') },
      { signatureChecks: 2, exhausted: false },
    ]);
  });

  test('CAs that all signed each other: factorially many paths, bounded work', () => {
    const keys = Array.from({ length: 9 }, () => makeKey());
    const ca = (n: number): Issued => ({ der: Buffer.alloc(0), subject: name(`CN=CA ${n}`), key: keys[n]! });
    const crossed = keys.flatMap((key, n) =>
      keys.flatMap((_, by) => (by === n ? [] : [makeCa(`CN=CA ${n}`, ca(by), { key })])),
    );
    const unrelated = makeCa('CN=Unrelated');
    const leaf = makeLeaf(HOST, ca(0));
    const [verdict, budget] = search(unrelated, [leaf, ...crossed, unrelated]);
    expect(verdict).toMatchObject({ kind: 'mismatch', reason: 'no-match' });
    expect(budget.signatureChecks).toBeLessThanOrEqual(MAX_SIGNATURE_CHECKS);
    expect(budget.paths).toBeLessThanOrEqual(MAX_PATHS);
    expect(budget.exhausted).toBe(true);
  });

  test('the budget can be given', () => {
    const steps = ladder(5);
    const leaf = makeLeaf(HOST, steps.at(-1));
    const [verdict, budget] = search(steps[0]!, [leaf, ...steps], new SearchBudget({ signatureChecks: 4 }));
    expect(verdict).toMatchObject({
      kind: 'mismatch',
      reason: 'untrusted',
      text: expect.stringContaining('stopped'),
    });
    expect(budget.signatureChecks).toBe(4);
  });
});
