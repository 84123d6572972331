/** Where the events for TLS reports (rfc8460) go: to the collector of `mailanchor tlsrpt`, behind a file, or both. */
import { appendFile } from 'node:fs/promises';
import { type TlsRptSink, tlsRptSocketSink } from '@mailanchor/smtp';

export interface ReportSettings {
  /** Path of the collector's unix socket. */
  readonly socket: string | undefined;
  readonly file: string | undefined;
}

/** Undefined where nobody wants them. The sink never rejects: that an event is lost is told to `complain`, and stops no mail. */
export function openReports(
  { socket, file }: ReportSettings,
  complain: (text: string) => void,
): TlsRptSink | undefined {
  const sinks: [string, TlsRptSink][] = [];
  if (socket !== undefined) sinks.push([socket, tlsRptSocketSink({ path: socket }).sink]);
  if (file !== undefined) sinks.push([file, (event) => appendLine(file, JSON.stringify(event))]);
  if (sinks.length === 0) return undefined;
  return async (event) => {
    await Promise.all(
      sinks.map(async ([path, sink]) => {
        try {
          await sink(event);
        } catch (error) {
          complain(
            `${path}: an event for TLS reports is lost: ${error instanceof Error ? error.message : error}`,
          );
        }
      }),
    );
  };
}

function appendLine(file: string, line: string): Promise<void> {
  return appendFile(file, `${line}\n`, { mode: 0o600, flush: true });
}
