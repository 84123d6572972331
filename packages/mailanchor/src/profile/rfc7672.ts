/** RFC 7672 for those who publish: what it asks of domains and of their mail servers, compared with its text. */
import type { Profile } from './profile.ts';

export const RFC7672: Profile = {
  name: 'rfc7672',
  title: 'RFC 7672: DANE for SMTP, the receiving side',
  rules: [
    {
      id: '2.2.2',
      source: 'RFC 7672 section 2.2.2',
      title: 'Name servers answer questions for TLSA, with proof where there is none',
      without: ['tlsa-lookup-fails', 'denial-broken', 'domain-bogus'],
      errorsOnly: false,
      connected: false,
      verified: true,
    },
    {
      id: '2.2',
      source: 'RFC 7672 section 2.2',
      title: 'Servers with TLSA records offer STARTTLS, and the handshake succeeds',
      without: ['starttls-missing', 'starttls-refused', 'starttls-injection', 'tls-fails', 'tls-old'],
      // Without TLSA records they are warnings, and nothing that this RFC asks for.
      errorsOnly: true,
      connected: true,
      verified: true,
    },
    {
      id: '3.1.2',
      source: 'RFC 7672 sections 3.1.2, 3.2.2',
      title: 'With usage 2 the CA certificate is sent and the names match',
      without: ['ta-not-sent', 'ta-name'],
      errorsOnly: false,
      connected: true,
      verified: true,
    },
    {
      id: '3.1.3',
      source: 'RFC 7672 section 3.1.3',
      title: 'No records of usages 0 and 1',
      without: ['tlsa-usage-pkix'],
      errorsOnly: false,
      connected: false,
      verified: true,
    },
    {
      id: '3.2',
      source: 'RFC 7672 section 3.2',
      title: 'The TLSA records match what the server presents',
      without: ['tlsa-mismatch', 'address-differs', 'algorithm-differs'],
      errorsOnly: false,
      connected: true,
      verified: true,
    },
    {
      id: '9.2 selective',
      source: 'RFC 7672 section 9.2',
      title: 'STARTTLS is not offered to some only',
      without: ['starttls-selective'],
      errorsOnly: false,
      connected: true,
      verified: true,
    },
    {
      id: '9.2 rollover',
      source: 'RFC 7672 section 9.2, RFC 7671 section 8',
      title: 'Each combination of usage, selector and matching type has a record that matches',
      without: ['tlsa-combination-unmatched'],
      errorsOnly: false,
      connected: true,
      verified: true,
    },
  ],
};
