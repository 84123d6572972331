/** Events for tests. */
import type { TlsRptEvent, TlsRptFailure } from '@mailanchor/smtp';

/** A Wednesday noon. */
export const NOON = Date.UTC(2026, 10, 25, 12);

export function success(domain: string, more: Partial<TlsRptEvent> = {}): TlsRptEvent {
  return {
    at: NOON,
    domain,
    policy: { type: 'tlsa', domain: `mx.${domain}`, strings: ['3 1 1 ab12', '2 1 1 cd34'], mxHosts: [] },
    failure: null,
    ...more,
  };
}

export function failed(
  domain: string,
  failure: Partial<TlsRptFailure> = {},
  more: Partial<TlsRptEvent> = {},
): TlsRptEvent {
  return success(domain, {
    failure: {
      resultType: 'validation-failure',
      reasonCode: 'dane-no-match',
      receivingMxHostname: `mx.${domain}`,
      receivingIp: '192.0.2.25',
      ...failure,
    },
    ...more,
  });
}
