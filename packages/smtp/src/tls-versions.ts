/**
 * Which versions of TLS an address takes beside the one that it chose, asked by handshakes that offer older ones alone: at most three, one
 * after the other. What senders with DANE get to see is the first session; rule sets want the others to be gone (RFC 8996).
 *
 *   tls1.2   where TLS 1.3 was chosen
 *   old-tls  TLS 1.0 and 1.1 ──▶ tls1.0, where the server did not refuse both
 *
 * SSL 3.0 and 2.0 are not tried: no OpenSSL of these days speaks them.
 */
import type { SessionResult } from './session.ts';
import type { TlsOffer } from './tls-offer.ts';

export type TlsVersion = 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1' | 'TLSv1';

export interface TlsVersionReport {
  readonly version: TlsVersion;
  /** Null where it could not be found out. */
  readonly accepted: boolean | null;
  /** One sentence, printable. */
  readonly text: string;
}

/** Errors that tell of this machine: it offers no such version. */
const OURS = new Set(['ERR_SSL_NO_PROTOCOLS_AVAILABLE', 'ERR_SSL_NO_CIPHERS_AVAILABLE']);

const FALLBACK = 'ERR_SSL_INAPPROPRIATE_FALLBACK';

const AT_ONCE = 'chosen of all that are offered';

/**
 * The newest first. `first`: the session with every version offered, in which TLS stands. `open`: a session with another offer; `again` the same a
 * moment later, since a connection that breaks says little once.
 */
export async function probeTlsVersions(
  first: SessionResult,
  open: (offer: TlsOffer) => Promise<SessionResult>,
  again: (offer: TlsOffer) => Promise<SessionResult>,
): Promise<readonly TlsVersionReport[]> {
  const probe = async (offer: TlsOffer): Promise<SessionResult> => {
    const result = await open(offer);
    return accepted(result) === null && result.kind !== 'deadline' ? again(offer) : result;
  };
  const best = first.tls?.protocol;
  const newest: TlsVersionReport[] =
    best === 'TLSv1.3'
      ? [{ version: 'TLSv1.3', accepted: true, text: AT_ONCE }, report('TLSv1.2', await probe('tls1.2'))]
      : [
          { version: 'TLSv1.3', accepted: false, text: 'offered, and not chosen' },
          { version: 'TLSv1.2', accepted: best === 'TLSv1.2', text: AT_ONCE },
        ];
  const old = await probe('old-tls');
  if (old.tls?.protocol === 'TLSv1')
    return [
      ...newest,
      { version: 'TLSv1.1', accepted: false, text: 'offered, and not chosen' },
      report('TLSv1', old),
    ];
  // RFC 8446, 4.1.3: a server that knows 1.2 and chose 1.0 marks its answer, and OpenSSL then takes us for the victim of an attack.
  const older = old.tls !== null || old.errorCode === FALLBACK;
  return [...newest, report('TLSv1.1', old), report('TLSv1', older ? await probe('tls1.0') : old)];
}

function report(version: TlsVersion, result: SessionResult): TlsVersionReport {
  return { version, accepted: accepted(result, true), text: result.text };
}

/** `last`: whether it is not asked again, so that a connection that ends in the handshake counts as refused. */
function accepted({ kind, tls, errorCode = '' }: SessionResult, last = false): boolean | null {
  if (tls !== null) return true;
  if (kind !== 'tls-failed' || OURS.has(errorCode)) return null;
  return errorCode.startsWith('ERR_SSL_') || last ? false : null;
}

/** Versions older than 1.2 that are taken; null where that is not known of all. */
export function oldVersions(versions: readonly TlsVersionReport[] | undefined): readonly TlsVersion[] | null {
  const old = versions?.filter(({ version }) => version === 'TLSv1.1' || version === 'TLSv1');
  if (!old || old.some((each) => each.accepted === null)) return null;
  return old.filter((each) => each.accepted).map(({ version }) => version);
}
