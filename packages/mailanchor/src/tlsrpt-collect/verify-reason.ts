/** Why Postfix did not verify a certificate, in its words and OpenSSL's, as result types of a TLS report (rfc8460#section-4.3). */
import type { TlsRptResultType } from '@mailanchor/smtp';

export interface Reason {
  readonly resultType: TlsRptResultType;
  readonly reasonCode?: string;
  /** Only a host with TLSA records fails like this. */
  readonly dane: boolean;
}

/** X509_V_ERR_ of OpenSSL's x509_vfy.h, where Postfix gives the number. */
const NUMBERS: Readonly<Record<string, Reason>> = {
  9: { resultType: 'certificate-expired', reasonCode: 'not-yet-valid', dane: false },
  10: { resultType: 'certificate-expired', dane: false },
  62: { resultType: 'certificate-host-mismatch', dane: false },
  65: { resultType: 'validation-failure', reasonCode: 'dane-no-match', dane: true },
};

/** What follows "certificate verification failed for host[address]:25: ". */
export function reasonOf(why: string): Reason {
  const number = /^num=(\d{1,5}):(.*)$/.exec(why);
  if (number) {
    const known = NUMBERS[number[1]!];
    if (known) return known;
    return { resultType: 'certificate-not-trusted', reasonCode: `x509-${number[1]}`, dane: false };
  }
  if (why === 'certificate has expired') return { resultType: 'certificate-expired', dane: false };
  if (why === 'certificate not yet valid')
    return { resultType: 'certificate-expired', reasonCode: 'not-yet-valid', dane: false };
  if (why === 'self-signed certificate')
    return { resultType: 'certificate-not-trusted', reasonCode: 'self-signed', dane: false };
  if (why.startsWith('untrusted issuer '))
    return { resultType: 'certificate-not-trusted', reasonCode: 'untrusted-issuer', dane: false };
  if (why.startsWith('not designated for use as '))
    return { resultType: 'certificate-not-trusted', reasonCode: 'purpose', dane: false };
  return { resultType: 'certificate-not-trusted', dane: false };
}
