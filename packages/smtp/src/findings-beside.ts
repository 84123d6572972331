/** Findings on MTA-STS and TLSRPT. Lookups that fail are told where they matter, with the domain's own records. */
import { finding } from './finding-table.ts';
import type { Collected, FindingOptions } from './findings.ts';
import { allowsMx } from './mta-sts/match.ts';
import type { Finding } from './verdict.ts';

const DAY_MS = 86_400_000;

export function besideFindings(
  { beside, dns, hosts }: Collected,
  { now, warnDays }: Pick<FindingOptions, 'now' | 'warnDays'>,
): Finding[] {
  if (!beside) return [];
  const { sts, tlsrpt } = beside;
  const { domain } = dns;
  const findings: Finding[] = [];
  const reports = `_smtp._tls.${domain}. 3600 IN TXT "v=TLSRPTv1; rua=mailto:tlsrpt@${domain}"`;
  switch (sts.kind) {
    case 'absent': {
      const text = `${domain} has no MTA-STS policy.`;
      const fix = `Serve a policy at https://mta-sts.${domain}/.well-known/mta-sts.txt, and then publish:\n_mta-sts.${domain}. 3600 IN TXT "v=STSv1; id=1"`;
      findings.push(finding('sts-absent', domain, text, { fix }));
      break;
    }
    case 'invalid': {
      const what =
        sts.part === 'record' ? `The TXT record _mta-sts.${domain}` : `The MTA-STS policy of ${domain}`;
      const text = `${what} is of no use: ${sts.text}.`;
      const fix =
        sts.part === 'record'
          ? `_mta-sts.${domain}. 3600 IN TXT "v=STSv1; id=1"`
          : `Run and mend what it shows:\ncurl -v https://mta-sts.${domain}/.well-known/mta-sts.txt`;
      findings.push(finding('sts-invalid', domain, text, { fix }));
      break;
    }
    case 'policy': {
      const { mode, mx } = sts.policy;
      if (sts.certificateUntil !== undefined && Date.parse(sts.certificateUntil) - now <= warnDays * DAY_MS) {
        const text = `The certificate of the policy host mta-sts.${domain} ends on ${sts.certificateUntil}.`;
        findings.push(finding('sts-expiry', domain, text, { fix: 'Renew the certificate before that.' }));
      }
      const strangers = hosts.map(({ host }) => host).filter((host) => !allowsMx(mx, host));
      if (mode === 'none' || strangers.length === 0) break;
      const text = `The MTA-STS policy of ${domain} (mode ${mode}) does not allow its MX ${strangers.join(', ')}.`;
      const fix = `Add to the policy, and change the id of _mta-sts.${domain}:\n${strangers.map((host) => `mx: ${host}`).join('\n')}`;
      const testing = {
        severity: 'notice',
        effect: 'Nothing but reports, while the policy is in testing mode.',
      } as const;
      findings.push(
        finding('sts-mx-mismatch', domain, text, { fix, ...(mode === 'testing' ? testing : {}) }),
      );
    }
  }
  if (tlsrpt.kind === 'absent') {
    findings.push(
      finding('tlsrpt-absent', domain, `${domain} asks for no reports on TLS.`, { fix: reports }),
    );
  } else if (tlsrpt.kind === 'invalid') {
    const text = `The TXT record _smtp._tls.${domain} is of no use: ${tlsrpt.text}.`;
    findings.push(finding('tlsrpt-invalid', domain, text, { fix: reports }));
  }
  return findings;
}
