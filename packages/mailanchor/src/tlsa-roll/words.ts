/** Steps and states in words. */
import { type RollState, type RollStep, tlsaToText } from '@mailanchor/dane';
import type { Tone } from '../terminal/paint.ts';

/** `publish 3 1 1 ab12... at _25._tcp.mx1.example.org` */
export function stepText(step: RollStep): string {
  switch (step.kind) {
    case 'none':
      return 'nothing to do';
    case 'publish':
      return `publish ${shortRecords(step.change.add)} at ${step.change.owner}`;
    case 'remove':
      return `remove ${shortRecords(step.change.remove)} at ${step.change.owner}`;
    case 'make-key':
      return `make the next ${step.label} key`;
    case 'issue':
      return `have a certificate issued for the next ${step.label} key`;
    case 'deploy':
      return `deploy the ${step.label} certificate on disk`;
    case 'wait':
      return step.held ? `wait, then ${stepText(step.held)}` : 'wait';
  }
}

/** The first digits name a record well enough. */
export function shortRecords(records: readonly Parameters<typeof tlsaToText>[0][]): string {
  return records
    .map((record) => {
      const text = tlsaToText(record);
      return text.length > 22 ? `${text.slice(0, 18)}...` : text;
    })
    .join(' and ');
}

export const STATE_TONES: Readonly<Record<RollState, Tone>> = {
  steady: 'good',
  unprotected: 'warn',
  publishing: 'warn',
  aging: 'warn',
  ready: 'warn',
  deploying: 'warn',
  retiring: 'warn',
  broken: 'bad',
  blocked: 'bad',
  unseen: 'bad',
};
