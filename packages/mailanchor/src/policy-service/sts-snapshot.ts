/** MTA-STS policies on disk: a restart must not give whoever is in the way a chance to have them forgotten (rfc8461#section-10.2). */
import type { StsPolicy } from '@mailanchor/smtp';
import { type LinesKind, readLines, writeLines } from './kept-lines.ts';
import type { StsMemory } from './sts-memory.ts';

export const STS_FILE = 'mta-sts-policies';
const KIND: LinesKind = {
  format: 'mailanchor mta-sts policies 1',
  what: 'list of MTA-STS policies of this program',
};

type Line = [
  domain: string,
  id: string,
  mode: StsPolicy['mode'],
  maxAge: number,
  mx: string[],
  fetched: number,
];

/** `fingerprint`: of the CAs and the way by which policies are fetched. */
export function writeStsSnapshot(memory: StsMemory, fingerprint: string): Promise<Buffer> {
  return writeLines(KIND, fingerprint, linesOf(memory));
}

function* linesOf(memory: StsMemory): IterableIterator<Line> {
  for (const [domain, { id, policy, fetched }] of memory.store.all())
    yield [domain, id, policy.mode, policy.maxAge, [...policy.mx], fetched];
}

/** The number of policies taken up. Throws `Error` that says why where they cannot be used. */
export async function readStsSnapshot(
  octets: Uint8Array,
  memory: StsMemory,
  fingerprint: string,
): Promise<number> {
  let taken = 0;
  for await (const line of readLines(KIND, fingerprint, octets)) {
    const [domain, id, mode, maxAge, mx, fetched] = line as Line;
    if (memory.restore(domain, id, { mode, maxAge, mx }, fetched)) taken++;
  }
  return taken;
}
