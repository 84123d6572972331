/** A message for programs: what webhooks and commands receive. Its members are part of the contract. */
import type { Envelope } from './channel.ts';

export function messageJson({ id, madeAt, host, alerts }: Envelope): string {
  return JSON.stringify({ version: 1, id, madeAt: new Date(madeAt).toISOString(), host, alerts });
}
