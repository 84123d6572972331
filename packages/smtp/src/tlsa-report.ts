/** The TLSA part of a host's report: what was asked, found, and what of it can be used (rfc6698#section-4.1). */
import { usableRecords } from '@mailanchor/dane';
import type { Name, TlsaData } from '@mailanchor/dns';
import { fromHex, toHex } from './hex.ts';
import { nameText } from './name-text.ts';
import type { TlsaLookup } from './tlsa-lookup.ts';
import type { TlsaRecord, TlsaReport } from './verdict.ts';

/** Of a host for which no TLSA is looked for. */
export const NO_TLSA: TlsaReport = {
  status: 'not-asked',
  base: null,
  records: [],
  usable: [],
  unusable: [],
  questions: [],
};

/** `candidates` is not empty. */
export function tlsaReport(
  lookup: TlsaLookup,
  candidates: readonly Name[],
  mailTransfer: boolean,
): TlsaReport {
  const { questions } = lookup;
  switch (lookup.kind) {
    case 'failure':
      return { ...NO_TLSA, status: lookup.resolution.status, base: nameText(lookup.base), questions };
    case 'absent':
      return { ...NO_TLSA, status: lookup.status, base: nameText(candidates[0]!), questions };
    case 'records': {
      const records = lookup.records.map(toReport);
      const { usable, unusable } = usableRecords(lookup.records, { mode: mailTransfer ? 'smtp' : 'general' });
      return {
        status: 'secure',
        base: nameText(lookup.base),
        records,
        usable: usable.map(({ index }) => records[index]!),
        unusable: unusable.map(({ record, why }) => ({ record, why })),
        ttl: lookup.ttl,
        questions,
      };
    }
  }
}

/** The record as the matcher takes it. */
export function tlsaData({ usage, selector, matching, data }: TlsaRecord): TlsaData {
  return { usage, selector, matching, data: fromHex(data) };
}

function toReport({ usage, selector, matching, data }: TlsaData): TlsaRecord {
  return { usage, selector, matching, data: toHex(data) };
}
