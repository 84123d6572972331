/** Records out of the text of an RFC: page breaks removed, indentation of the document removed. */
import { Name, parseRecord, parseZoneFile, type ResourceRecord, rrTypeFromText } from '@mailanchor/dns';

/** TTL of every record that the examples leave without one. */
const TTL = 3600;

/** The lines of an RFC without its running heads and without the three columns that RFCs indent by. */
export function rfcLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^RFC \d+\s.*\s\d{4}$/.test(line))
    .map((line) => line.replace(/^(?: {3}| {1,2}(?=\S))/, ''));
}

/** rfc5155#appendix-B.6 lacks an opening parenthesis. */
function mendParenthesis(line: string): string {
  return line.replace(/RRSIG NSEC3 7 2 3600$/, '$& (');
}

/** HINFO as rfc3597#section-5 writes types without a name: Mailanchor has none for it. */
function genericHinfo(line: string): string {
  return line
    .replace(/HINFO\s+"([^"]*)" "([^"]*)"/, (_all, cpu: string, os: string) => {
      const rdata = Buffer.from(`\0${cpu}\0${os}`, 'latin1');
      rdata[0] = cpu.length;
      rdata[cpu.length + 1] = os.length;
      return `TYPE13 \\# ${rdata.length} ${rdata.toString('hex')}`;
    })
    .replace(/\bHINFO\b/, 'TYPE13');
}

/** Records of lines in master-file format, up to where prose begins. */
export function zoneRecords(text: readonly string[]): ResourceRecord[] {
  const prose = text.findIndex((line) => /^[^\s;]/.test(line) && !/^\S+\.\s/.test(line));
  const lines = prose < 0 ? text : text.slice(0, prose);
  return parseZoneFile(lines.map(genericHinfo).map(mendParenthesis).join('\n'), {
    origin: Name.root,
    defaultTtl: TTL,
  });
}

/**
 * Records that stand among prose: each begins at `owner 3600 IN TYPE` and ends where its parentheses close or at an empty line.
 * `correct` sees each as one line, to mend what errata mend.
 */
export function scatteredRecords(
  lines: readonly string[],
  correct: (text: string) => string = (text) => text,
): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  let open: string | undefined;
  for (const line of [...lines, '']) {
    if (open === undefined && /^\s*\S+\.\s+3600\s+IN\s/.test(line)) open = '';
    if (open === undefined) continue;
    open += ` ${line.replace(/;.*$/, '').trim()}`;
    const balance = open.split('(').length - open.split(')').length;
    if (balance > 0 && line.trim() !== '') continue;
    records.push(parseRecord(correct(open.replace(/[()]/g, ' ').replace(/\s+/g, ' ').trim()), {}));
    open = undefined;
  }
  return records;
}

export interface ExampleResponse {
  /** e.g. `B.2.1. No Data Error, Empty Non-Terminal`. */
  readonly title: string;
  readonly name: Name;
  readonly type: number;
  readonly rcode: number;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
}

/** The responses of an appendix of examples: header, question, answer, authority, as `dig` would show them. */
export function exampleResponses(lines: readonly string[]): ExampleResponse[] {
  const responses: ExampleResponse[] = [];
  const headings = lines.flatMap((line, at) => (/^B\.[\d.]+\s/.test(line) ? [at] : []));
  headings.forEach((start, i) => {
    const section = lines.slice(start, headings[i + 1]);
    const mark = (word: string) => section.findIndex((line) => line.startsWith(`;; ${word}`));
    const question = section.slice(mark('Question') + 1).find((line) => !/^(;.*)?$/.test(line));
    const [owner, , typeText] = question!.trim().split(/\s+/);
    responses.push({
      title: section[0]!.trim().replace(/\s+/g, ' '),
      name: Name.fromText(owner!),
      type: rrTypeFromText(typeText!)!,
      rcode: Number(/RCODE=(\d+)/.exec(section[mark('Header')]!)![1]),
      answer: zoneRecords(section.slice(mark('Answer'), mark('Authority'))),
      authority: zoneRecords(section.slice(mark('Authority'), mark('Additional'))),
    });
  });
  return responses;
}
