/** The TXT record at `_mta-sts.<domain>` (rfc8461#section-3.1): it says that there is a policy, and by its id when it has changed. */
import { readPairs } from '../text-record.ts';

export type StsRecord =
  | { readonly kind: 'record'; readonly id: string }
  /** No record of this kind: the domain has no MTA-STS. */
  | { readonly kind: 'absent' }
  /** Senders take the domain for one without MTA-STS. `text`: why, without full stop. */
  | { readonly kind: 'invalid'; readonly text: string };

/** `texts`: the TXT records of the name, each with its strings joined. */
export function parseStsRecord(texts: readonly string[]): StsRecord {
  const records = texts.filter((text) => /^v=STSv1[ \t]*(?:;|$)/.test(text));
  const [record, ...more] = records;
  if (record === undefined) {
    const near = texts.find((text) => /^\s*v\s*=\s*STSv1/i.test(text));
    return near === undefined
      ? { kind: 'absent' }
      : { kind: 'invalid', text: 'the record does not begin with "v=STSv1;"' };
  }
  if (more.length > 0) return { kind: 'invalid', text: `there are ${records.length} records, not one` };
  const read = readPairs(record.replace(/^v=STSv1[ \t]*;?/, ''));
  if (read.kind === 'malformed') return { kind: 'invalid', text: read.text };
  const id = read.pairs.get('id');
  if (id === undefined) return { kind: 'invalid', text: 'the record has no id' };
  if (!/^[A-Za-z0-9]{1,32}$/.test(id)) {
    return { kind: 'invalid', text: 'its id is not 1 to 32 letters and digits' };
  }
  return { kind: 'record', id };
}
