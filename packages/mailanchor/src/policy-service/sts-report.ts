/** What is told of fetched MTA-STS policies: counts, and a log line where one could not be had (rfc8461#section-5.1). */
import type { Log } from '../resolver-service/log.ts';
import type { StsFetched } from './sts-memory.ts';

export class StsReport {
  /** By 'policy' or the stage of the failure; what never happened is there too. */
  readonly counts: Record<StsFetched['result'], number> = {
    policy: 0,
    address: 0,
    connection: 0,
    certificate: 0,
    status: 0,
    'media-type': 0,
    size: 0,
    time: 0,
    invalid: 0,
  };
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  readonly onFetch = ({ domain, result, text, kept }: StsFetched): void => {
    this.counts[result]++;
    // A domain on its way out of MTA-STS leaves `none` behind, and takes its policy host away.
    if (result === 'policy' || kept?.policy.mode === 'none') return;
    const until = kept && new Date(kept.expires).toISOString().slice(0, 16).replace('T', ' ');
    const meanwhile = kept
      ? `the policy known from before (${kept.policy.mode}) holds until ${until} UTC`
      : 'mail goes out as if there were none';
    this.#log.problem('sts', `${domain}: its MTA-STS policy cannot be fetched: ${text}; ${meanwhile}`, {
      domain,
      result,
    });
  };
}
