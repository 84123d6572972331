/** Looks at signatures with a resolver that is made when the first mail needs it: files have none. */
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { clockFrom } from '../clock.ts';
import { openResolver } from '../lookup.ts';
import type { ReadSettings } from './settings.ts';
import { type MailSignature, verifySignature } from './signature.ts';

export interface Verifier {
  /** Undefined: signatures are not looked at. */
  readonly verify: ((mail: Uint8Array, from: string | undefined) => Promise<MailSignature>) | undefined;
  close(): Promise<void>;
}

export function createVerifier({ lookup, signatures }: ReadSettings): Verifier {
  if (!signatures) return { verify: undefined, close: async () => {} };
  const clock = clockFrom(lookup.at);
  let resolver: Promise<ValidatingResolver> | undefined;
  return {
    verify: async (mail, from) => {
      resolver ??= openResolver(lookup, { clock });
      return verifySignature(mail, from, { resolver: await resolver, clock, timeoutMs: lookup.timeoutMs });
    },
    close: async () => (await resolver)?.close(),
  };
}
