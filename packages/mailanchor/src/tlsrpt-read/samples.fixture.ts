/** Reports as they are met with, in shape; names and numbers are made up. */
import { gzipSync } from 'node:zlib';

export const NOW = Date.UTC(2026, 10, 25, 12);
const DAY = { 'start-datetime': '2026-11-24T00:00:00Z', 'end-datetime': '2026-11-24T23:59:59Z' };

/** As Google sends them: several policies, no `mx-host`, counts that are 0 left out. */
export const GOOGLE = {
  'organization-name': 'Google Inc.',
  'date-range': DAY,
  'contact-info': 'smtp-tls-reporting@google.com',
  'report-id': '2026-11-24T00:00:00Z_example.org',
  policies: [
    {
      policy: {
        'policy-type': 'sts',
        'policy-string': ['version: STSv1', 'mode: enforce', 'max_age: 604800', 'mx: *.example.org'],
        'policy-domain': 'example.org',
        'mx-host': ['*.example.org'],
      },
      summary: { 'total-successful-session-count': 5326, 'total-failure-session-count': 3 },
      'failure-details': [
        {
          'result-type': 'certificate-host-mismatch',
          'sending-mta-ip': '2001:db8::43',
          'receiving-ip': '192.0.2.2',
          'receiving-mx-hostname': 'mx2.example.org',
          'failed-session-count': 3,
        },
      ],
    },
    {
      policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'example.org' },
      summary: { 'total-successful-session-count': 1 },
    },
  ],
};

/** As Microsoft sends them: DANE and MTA-STS in one report, an id with a plus sign. */
export const MICROSOFT = {
  'organization-name': 'Microsoft Corporation',
  'date-range': DAY,
  'contact-info': 'tlsrpt-noreply@microsoft.com',
  'report-id': '134084736000000000+example.org',
  policies: [
    {
      policy: {
        'policy-type': 'tlsa',
        'policy-string': ['3 1 1 0B9FA5A59EED715C26C1020C711B4F6EC42D58B0015E14337A39DAD301C5AFC3'],
        'policy-domain': 'mx2.example.org',
        'mx-host': ['mx2.example.org'],
      },
      summary: { 'total-successful-session-count': 40, 'total-failure-session-count': 12 },
      'failure-details': [
        {
          'result-type': 'certificate-host-mismatch',
          'sending-mta-ip': '198.51.100.7',
          'receiving-mx-hostname': 'mx2.example.org',
          'receiving-mx-helo': 'mx2.example.org',
          'failed-session-count': 12,
          'additional-information': '',
          'failure-reason-code': 'CertificateSubjectMismatch',
        },
      ],
    },
  ],
};

/** As smaller senders do: one policy, `mx-host-pattern`, counts that are text. */
export const ODD = {
  'organization-name': 'mail.example',
  'date-range': DAY,
  'contact-info': 'mailto:postmaster@mail.example',
  'report-id': '1@mail.example',
  policies: [
    {
      policy: {
        'policy-type': 'sts',
        'policy-string': 'version: STSv1',
        'policy-domain': 'EXAMPLE.ORG.',
        'mx-host-pattern': 'mx1.example.org',
      },
      summary: { 'total-successful-session-count': '2', 'total-failure-session-count': '1' },
    },
  ],
};

export const gzipped = (value: unknown): Buffer => gzipSync(JSON.stringify(value));

export interface MailShape {
  readonly from?: string;
  readonly type?: string;
  readonly name?: string;
  readonly content?: Buffer;
  /** Lines of the part's header that come first. */
  readonly before?: readonly string[];
  readonly newline?: '\n' | '\r\n';
}

export function mailOf(shape: MailShape = {}): Buffer {
  const {
    from = 'noreply-smtp-tls-reporting@google.com',
    type = 'application/tlsrpt+gzip',
    newline = '\r\n',
  } = shape;
  const { name = 'google.com!example.org!1795478400!1795564799!001.json.gz', content = gzipped(GOOGLE) } =
    shape;
  const lines = [
    `From: ${from}`,
    'To: tlsrpt@example.org',
    'Subject: Report Domain: example.org',
    ' Submitter: google.com',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=tlsrpt; boundary="b"',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'This is a report.',
    '--b',
    ...(shape.before ?? []),
    `Content-Type: ${type}; name="${name}"`,
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    ...(content.toString('base64').match(/.{1,76}/g) ?? []),
    '--b--',
    '',
  ];
  return Buffer.from(lines.join(newline), 'latin1');
}
