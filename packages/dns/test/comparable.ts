/** Plain forms of names, records and messages, in which equal means equal octets, case included. */
import { hexEncode, type Message, type ResourceRecord } from '@mailanchor/dns';

export function comparableRecord({ name, rdata, ...rest }: ResourceRecord): object {
  return { ...rest, name: hexEncode(name.wire), rdata: hexEncode(rdata) };
}

export function comparableMessage(message: Message): object {
  return {
    ...message,
    questions: message.questions.map(({ name, ...rest }) => ({ ...rest, name: hexEncode(name.wire) })),
    answers: message.answers.map(comparableRecord),
    authorities: message.authorities.map(comparableRecord),
    additionals: message.additionals.map(comparableRecord),
    edns: message.edns && {
      ...message.edns,
      options: message.edns.options.map(({ code, data }) => ({ code, data: hexEncode(data) })),
    },
  };
}
