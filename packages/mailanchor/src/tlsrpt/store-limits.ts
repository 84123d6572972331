/** What bounds the counts, whatever the world sends. */
export interface StoreLimits {
  /** Recipient domains of one day; sessions with further ones are counted together, and in no report. */
  readonly domainsPerDay: number;
  /** Policies of one domain and day; further ones are counted by their type alone. */
  readonly policiesPerDomain: number;
  /** Failure details of one policy; further ones are counted by their result type alone. */
  readonly detailsPerPolicy: number;
  /** Events that wait for the disk. */
  readonly waiting: number;
}

export const STORE_LIMITS: StoreLimits = {
  domainsPerDay: 500_000,
  policiesPerDomain: 100,
  detailsPerPolicy: 200,
  waiting: 50_000,
};

/** Days for which a finished day's events may still be told, and days for which their ids are remembered: never fewer. */
export const LATE_DAYS = 3;
export const REMEMBERED_DAYS = LATE_DAYS + 1;
