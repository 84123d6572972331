/**
 * Finds reports in what came: a mail with one as a part (rfc8460#section-5.3), a file of JSON, or one compressed by gzip. Senders call the
 * parts by many types and names, so a name that ends like a report's counts as well. What it holds is read elsewhere.
 */
import PostalMime, { type Email } from 'postal-mime';
import { messageOf } from '../errors.ts';

export interface ReportParts {
  readonly kind: 'mail' | 'file';
  /** Octets of reports, as they came. */
  readonly reports: readonly Uint8Array[];
  /** Of a mail: the domain of its sender, lower case. */
  readonly from?: string;
}

export type FoundParts =
  | ReportParts
  /** `text`: why there is none, without full stop. */
  | { readonly kind: 'none'; readonly text: string };

/** Octets of a mail; a report may have 10 MiB, which is 13.5 MiB in base64. */
export const MAX_MAIL = 20 * 1024 * 1024;
/** Reports of one mail: a digest of several is no report, but somebody may forward some. */
const MAX_REPORTS = 10;

const GZIP = [0x1f, 0x8b];
const TYPES = /^application\/tlsrpt\+(?:gzip|json)$/;
const OTHER_TYPES =
  /^(?:application\/(?:x-)?(?:gzip|json|octet-stream|gzip-compressed|zip)|text\/(?:plain|json))$/;
const NAME = /\.json(?:\.gz)?$/i;

/** Never rejects. */
export async function findReports(octets: Uint8Array): Promise<FoundParts> {
  if (octets[0] === GZIP[0] && octets[1] === GZIP[1]) return { kind: 'file', reports: [octets] };
  if (firstCharacter(octets) === '{') return { kind: 'file', reports: [octets] };
  if (octets.length > MAX_MAIL) return { kind: 'none', text: `it is larger than ${MAX_MAIL} octets` };
  let email: Email;
  try {
    email = await PostalMime.parse(withoutEnvelope(octets), {
      attachmentEncoding: 'arraybuffer',
      maxNestingDepth: 20,
      maxHeadersSize: 262_144,
      maxRfc822NestingDepth: 3,
    });
  } catch (error) {
    return { kind: 'none', text: `the mail cannot be read: ${messageOf(error).slice(0, 100)}` };
  }
  if (email.headers.length === 0) return { kind: 'none', text: 'it is neither a mail nor a report' };
  const reports = email.attachments
    .filter(
      ({ mimeType, filename }) =>
        TYPES.test(mimeType) || (OTHER_TYPES.test(mimeType) && NAME.test(filename ?? '')),
    )
    .slice(0, MAX_REPORTS)
    .map(({ content }) => (typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)));
  // A report may be the whole of a mail, without parts.
  if (reports.length === 0 && firstCharacter(Buffer.from(email.text ?? '')) === '{')
    reports.push(Buffer.from(email.text!));
  if (reports.length === 0) return { kind: 'none', text: 'the mail holds no report' };
  const from = email.from?.address?.split('@').at(-1)?.toLowerCase();
  return { kind: 'mail', reports, ...(from !== undefined && { from }) };
}

/** Beside white space and a byte order mark. */
function firstCharacter(octets: Uint8Array): string {
  const start = Buffer.from(octets.subarray(0, 64)).toString('utf8');
  return start.replace(/^[\ufeff\s]+/, '').charAt(0);
}

/** The line that mbox files have before a mail. */
function withoutEnvelope(octets: Uint8Array): Uint8Array {
  if (Buffer.from(octets.subarray(0, 5)).toString('latin1') !== 'From ') return octets;
  const end = octets.indexOf(0x0a);
  return end < 0 ? octets : octets.subarray(end + 1);
}
