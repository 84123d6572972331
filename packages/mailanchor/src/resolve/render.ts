/** A resolution for a person: status first, then the records, then why. */
import { rcodeToText, recordToText, rrTypeToText } from '@mailanchor/dns';
import type { Resolution, Status } from '@mailanchor/dnssec';
import { type Paint, sign, type Tone } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { answersOf } from './json.ts';

export const STATUS_TONE: Readonly<Record<Status, Tone>> = {
  secure: 'good',
  insecure: 'warn',
  bogus: 'bad',
  indeterminate: 'bad',
};

export function renderStatus(resolution: Resolution, paint: Paint): string {
  const tone = STATUS_TONE[resolution.status];
  const question = `${resolution.name} ${rrTypeToText(resolution.type)}`;
  return `${sign(paint, tone)} ${paint.badge(tone, resolution.status.toUpperCase())} ${paint.bold(printable(question))}  ${outcome(resolution)}`;
}

export function renderResolution(resolution: Resolution, paint: Paint): string[] {
  const lines = [renderStatus(resolution, paint)];
  for (const record of answersOf(resolution)) lines.push(`  ${printable(recordToText(record))}`);
  const { reason, negativeTrustAnchor } = resolution;
  if (negativeTrustAnchor)
    lines.push(`  ${paint.warn(`not validated by your own choice: --insecure-zone ${negativeTrustAnchor}`)}`);
  if (reason) {
    const zone = reason.zone ? ` (zone ${reason.zone})` : '';
    lines.push(`  ${paint.tone(STATUS_TONE[resolution.status], printable(`${reason.text}${zone}`))}`);
  }
  return lines;
}

function outcome(resolution: Resolution): string {
  switch (resolution.kind) {
    case 'answer': {
      const count = resolution.records.length;
      return `${count} ${count === 1 ? 'record' : 'records'}`;
    }
    case 'nodata':
      return 'no records of this type';
    case 'nxdomain':
      return 'no such name';
    case 'failure':
      return `no answer that holds (${rcodeToText(resolution.rcode)})`;
  }
}
