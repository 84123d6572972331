/** Opcodes (rfc1035#section-4.1.1, and the IANA registry "DNS OpCodes"). */
export const Opcode = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const;
