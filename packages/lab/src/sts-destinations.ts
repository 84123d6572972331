/** Destinations that differ in MTA-STS (rfc8461) and TLSRPT (rfc8460): most verify by DANE, those called `sts-only` have MTA-STS alone. */
import type { CertificateSpec, DestinationSpec, StsSpec } from './destination-spec.ts';
import { single } from './single-destination.ts';

const group = 'further';
const REPORTS = 'v=TLSRPTv1; rua=mailto:tlsrpt@reports.example';

function beside(
  domain: string,
  title: string,
  special: string,
  sts: StsSpec,
  findings: readonly string[] = [],
  tlsrpt = REPORTS,
): DestinationSpec {
  return { ...single(domain, { group, title, special, findings }), sts, tlsrpt };
}

/** Signed, without TLSA records: what is left is the name of the host and its CA, which is that of the policy hosts too. */
function only(
  domain: string,
  title: string,
  special: string,
  sts: StsSpec,
  certificate: CertificateSpec,
): DestinationSpec {
  return {
    ...single(
      domain,
      {
        group,
        title,
        special,
        verdict: 'unprotected',
        hostVerdicts: [[`mx.${domain}`, 'no-dane']],
        findings: ['tlsa-none'],
      },
      { host: { certificate, tlsa: [] } },
    ),
    sts,
    tlsrpt: REPORTS,
  };
}

const SIGNED: CertificateSpec = { issuer: 'root' };

const policy = (...lines: string[]): StsSpec => ({ policy: lines.map((line) => `${line}\n`).join('') });

export const STS_DESTINATIONS: readonly DestinationSpec[] = [
  beside(
    'sts-good.example',
    'DANE and MTA-STS',
    'Senders that know DANE go by it, others by the policy.',
    {},
  ),
  beside(
    'sts-testing.example',
    'MTA-STS in testing mode',
    'The policy asks for reports only; a wildcard allows the MX.',
    policy('version: STSv1', 'mode: testing', 'mx: *.sts-testing.example', 'max_age: 86400'),
  ),
  beside(
    'sts-record-invalid.example',
    'MTA-STS record without id',
    'The TXT record lacks its id: to senders there is no policy.',
    { record: 'v=STSv1;' },
    ['sts-invalid'],
  ),
  beside(
    'sts-policy-invalid.example',
    'MTA-STS policy without max_age',
    'The policy file lacks a line that it must have.',
    policy('version: STSv1', 'mode: enforce', 'mx: mx.sts-policy-invalid.example'),
    ['sts-invalid'],
  ),
  beside(
    'sts-certificate.example',
    'MTA-STS, self-signed',
    'The certificate of the policy host is signed by itself.',
    { fault: 'self-signed' },
    ['sts-invalid'],
  ),
  beside(
    'sts-redirect.example',
    'MTA-STS redirected',
    'The policy host leads elsewhere, where nobody follows.',
    { fault: 'redirect' },
    ['sts-invalid'],
  ),
  beside(
    'sts-huge.example',
    'MTA-STS of 100 MB',
    'The policy is larger than senders read.',
    { fault: 'huge' },
    ['sts-invalid'],
  ),
  beside('sts-html.example', 'MTA-STS as HTML', 'The policy is served as text/html.', { fault: 'html' }, [
    'sts-invalid',
  ]),
  beside(
    'sts-missing.example',
    'MTA-STS without policy',
    'The record is there, the policy is not: 404.',
    { fault: 'not-found' },
    ['sts-invalid'],
  ),
  beside(
    'sts-mismatch.example',
    'MTA-STS of another MX',
    'The policy allows a host that is no MX of the domain any more.',
    policy('version: STSv1', 'mode: enforce', 'mx: old.sts-mismatch.example', 'max_age: 86400'),
    ['sts-mx-mismatch'],
  ),
  beside(
    'tlsrpt-invalid.example',
    'TLSRPT without rua',
    'The record says not where reports go.',
    {},
    ['tlsrpt-invalid'],
    'v=TLSRPTv1;',
  ),
  only(
    'sts-only.example',
    'MTA-STS alone',
    'No TLSA records; the policy is enforced, and the host has a certificate of a CA for its name.',
    {},
    SIGNED,
  ),
  only(
    'sts-only-name.example',
    'MTA-STS alone, wrong name',
    'The policy is enforced; the certificate is for another name: senders defer.',
    {},
    { ...SIGNED, names: ['mail.other-name.example'] },
  ),
  only(
    'sts-only-untrusted.example',
    'MTA-STS alone, no CA',
    'The policy is enforced; the certificate is signed by itself: senders defer.',
    {},
    {},
  ),
  {
    ...only(
      'sts-only-unlisted.example',
      'MTA-STS alone, MX not listed',
      'The policy is enforced and does not name the MX host: senders defer.',
      policy('version: STSv1', 'mode: enforce', 'mx: mail.sts-only-unlisted.example', 'max_age: 604800'),
      SIGNED,
    ),
    findings: ['tlsa-none', 'sts-mx-mismatch'],
  },
  only(
    'sts-only-testing.example',
    'MTA-STS alone, testing',
    'The certificate is signed by itself, which a policy in testing mode only wants to be told of.',
    policy('version: STSv1', 'mode: testing', 'mx: mx.sts-only-testing.example', 'max_age: 604800'),
    {},
  ),
];
