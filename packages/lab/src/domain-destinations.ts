/** Further destinations: what can be wrong with a mail domain and its MX records. */
import type { DestinationSpec } from './destination-spec.ts';
import { single } from './single-destination.ts';

const group = 'further';

export const DOMAIN_DESTINATIONS: readonly DestinationSpec[] = [
  single(
    'keys-without-ds.example',
    {
      group,
      title: 'signed, no DS above',
      special:
        'The zone signs, and its parent says nothing of it: it counts as unsigned for want of one record.',
      verdict: 'unprotected',
      hostVerdicts: [['mx.keys-without-ds.example', 'no-dane']],
      findings: ['domain-unsigned'],
    },
    { zone: { ds: 'none' } },
  ),
  single(
    'null-mx-mixed.example',
    {
      group,
      title: 'null MX beside another',
      special: 'One record says that the domain takes no mail, another where to.',
      findings: ['mx-null-mixed'],
    },
    { zone: { records: '@ MX 0 .\n@ MX 10 mx' } },
  ),
  {
    group,
    domain: 'mx-address.example',
    title: 'MX names an address',
    special: 'An address has no TLSA records, and many senders do not deliver to it at all.',
    verdict: 'unprotected',
    hostVerdicts: [['127.0.0.1', 'no-dane']],
    findings: ['mx-address'],
    zones: [{ origin: 'mx-address.example', records: '@ MX 10 127.0.0.1.' }],
  },
  single(
    'mx-unresolvable.example',
    {
      group,
      title: 'MX host without address',
      special: 'The backup host has no address; mail goes to the other.',
      hostVerdicts: [
        ['mx.mx-unresolvable.example', 'verified'],
        ['gone.mx-unresolvable.example', 'deferred'],
      ],
      findings: ['mx-unresolvable'],
    },
    { zone: { records: '@ MX 10 mx\n@ MX 20 gone' } },
  ),
  {
    group,
    domain: 'primary-broken.example',
    title: 'primary broken, backup good',
    special: 'Senders deliver to the backup host; one that validates DANE cannot pass the mail on.',
    verdict: 'broken',
    hostVerdicts: [
      ['mx1.primary-broken.example', 'mismatch'],
      ['mx2.primary-broken.example', 'verified'],
    ],
    findings: ['tlsa-mismatch', 'mx-backup-greylists'],
    zones: [{ origin: 'primary-broken.example', records: '@ MX 10 mx1\n@ MX 20 mx2' }],
    hosts: [
      { name: 'mx1.primary-broken.example', tlsa: [{ usage: 3, selector: 1, matching: 1, of: 'past' }] },
      { name: 'mx2.primary-broken.example' },
    ],
  },
];
