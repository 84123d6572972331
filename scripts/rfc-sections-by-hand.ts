/**
 * Sections of documents whose text is not at hand and which the code refers to: those sections alone, written down from the
 * documents. A reference to any other section of theirs fails the check until it is added here by someone who has looked it up.
 */
import type { RfcIndex } from './rfc-index.ts';

export const BY_HAND: RfcIndex = {
  rfc1034: {
    title: 'Domain names - concepts and facilities',
    sections: {
      '3.6': 'Resource Records',
      '3.6.2': 'Aliases and canonical names',
      '4.2': 'How the database is divided into zones',
      '4.2.1': 'Technical considerations',
      '4.3.2': 'Algorithm',
      '4.3.3': 'Wildcards',
      '5.3.3': 'Algorithm',
    },
  },
  rfc1035: {
    title: 'Domain names - implementation and specification',
    sections: {
      '2.3.1': 'Preferred name syntax',
      '2.3.3': 'Character Case',
      '2.3.4': 'Size limits',
      '3.1': 'Name space definitions',
      '3.2': 'RR definitions',
      '3.2.1': 'Format',
      '3.2.2': 'TYPE values',
      '3.2.3': 'QTYPE values',
      '3.2.4': 'CLASS values',
      '3.3': 'Standard RRs',
      '3.3.1': 'CNAME RDATA format',
      '3.3.9': 'MX RDATA format',
      '3.3.11': 'NS RDATA format',
      '3.3.12': 'PTR RDATA format',
      '3.3.13': 'SOA RDATA format',
      '3.3.14': 'TXT RDATA format',
      '3.4.1': 'A RDATA format',
      '4': 'MESSAGES',
      '4.1': 'Format',
      '4.1.1': 'Header section format',
      '4.1.2': 'Question section format',
      '4.1.3': 'Resource record format',
      '4.1.4': 'Message compression',
      '4.2': 'Transport',
      '4.2.1': 'UDP usage',
      '4.2.2': 'TCP usage',
      '5': 'MASTER FILES',
      '5.1': 'Format',
      '7.3': 'Processing responses',
    },
  },
  rfc1912: {
    title: 'Common DNS Operational and Configuration Errors',
    sections: { '2.8': 'Authority and Delegation Errors (NS records)' },
  },
  rfc1982: { title: 'Serial Number Arithmetic', sections: { '3': 'Operations upon the serial number' } },
  rfc2181: {
    title: 'Clarifications to the DNS Specification',
    sections: {
      '5': 'Resource Record Sets',
      '5.2': 'TTLs of RRs in an RRSet',
      '5.4.1': 'Ranking data',
      '8': 'Time to Live (TTL)',
      '9': 'The TC (truncated) header bit',
      '10.1': 'CNAME resource records',
      '10.3': 'MX and NS records',
      '11': 'Name syntax',
    },
  },
  rfc3110: {
    title: 'RSA/SHA-1 SIGs and RSA KEYs in the Domain Name System (DNS)',
    sections: { '2': 'RSA Public KEY Resource Records', '3': 'RSA/SHA1 SIG Resource Records' },
  },
  rfc3225: { title: 'Indicating Resolver Support of DNSSEC', sections: { '3': 'Protocol Changes' } },
  rfc4648: {
    title: 'The Base16, Base32, and Base64 Data Encodings',
    sections: {
      '4': 'Base 64 Encoding',
      '6': 'Base 32 Encoding',
      '7': 'Base 32 Encoding with Extended Hex Alphabet',
      '8': 'Base 16 Encoding',
      '10': 'Test Vectors',
    },
  },
  rfc5321: {
    title: 'Simple Mail Transfer Protocol',
    sections: {
      '2.3.5': 'Domain Names',
      '4.1': 'SMTP Commands',
      '4.2': 'SMTP Replies',
      '4.2.1': 'Reply Code Severities and Theory',
      '4.5.3.1': 'Size Limits and Minimums',
      '5': 'Address Resolution and Mail Handling',
      '5.1': 'Locating the Target Host',
    },
  },
  rfc6066: {
    title: 'Transport Layer Security (TLS) Extensions: Extension Definitions',
    sections: { '3': 'Server Name Indication' },
  },
  rfc7766: {
    title: 'DNS Transport over TCP - Implementation Requirements',
    sections: {
      '5': 'Transport Protocol Selection',
      '6': 'Connection Handling',
      '6.2': 'Recommendations',
      '6.2.1': 'Connection Reuse',
      '6.2.1.1': 'Query Pipelining',
      '6.2.2': 'Concurrent Connections',
      '6.2.3': 'Idle Timeouts',
      '7': 'Response Reordering',
      '8': 'TCP Message Length Field',
    },
  },
  rfc8109: { title: 'Initializing a DNS Resolver with Priming Queries', sections: {} },
  rfc9460: {
    title: 'Service Binding and Parameter Specification via the DNS (SVCB and HTTPS Resource Records)',
    sections: {},
  },
  rfc9715: { title: 'IP Fragmentation Avoidance in DNS over UDP', sections: {} },
  rfc9905: { title: 'Deprecating the Use of SHA-1 in DNSSEC Signature Algorithms', sections: {} },
};
