/** The record types whose text is known, by type number. All others are written as RFC 3597 has it. */
import { RRType } from '../iana/rr-type.ts';
import { aFormat } from './a.ts';
import { aaaaFormat } from './aaaa.ts';
import { caaFormat } from './caa.ts';
import { csyncFormat } from './csync.ts';
import { dnskeyFormat } from './dnskey.ts';
import { dsFormat } from './ds.ts';
import { mxFormat } from './mx.ts';
import { naptrFormat } from './naptr.ts';
import { nsecFormat } from './nsec.ts';
import { nsec3Format } from './nsec3.ts';
import { nsec3paramFormat } from './nsec3param.ts';
import { openpgpkeyFormat } from './openpgpkey.ts';
import type { RdataFormat } from './rdata-format.ts';
import { rrsigFormat } from './rrsig.ts';
import { singleNameFormat } from './single-name.ts';
import { soaFormat } from './soa.ts';
import { srvFormat } from './srv.ts';
import { sshfpFormat } from './sshfp.ts';
import { svcbFormat } from './svcb.ts';
import { tlsaFormat } from './tlsa.ts';
import { txtFormat } from './txt.ts';
import { zonemdFormat } from './zonemd.ts';

export const RDATA_FORMATS: ReadonlyMap<number, RdataFormat> = new Map([
  [RRType.A, aFormat],
  [RRType.NS, singleNameFormat],
  [RRType.CNAME, singleNameFormat],
  [RRType.SOA, soaFormat],
  [RRType.PTR, singleNameFormat],
  [RRType.MX, mxFormat],
  [RRType.TXT, txtFormat],
  [RRType.AAAA, aaaaFormat],
  [RRType.SRV, srvFormat],
  [RRType.NAPTR, naptrFormat],
  [RRType.DNAME, singleNameFormat],
  [RRType.DS, dsFormat],
  [RRType.SSHFP, sshfpFormat],
  [RRType.RRSIG, rrsigFormat],
  [RRType.NSEC, nsecFormat],
  [RRType.DNSKEY, dnskeyFormat],
  [RRType.NSEC3, nsec3Format],
  [RRType.NSEC3PARAM, nsec3paramFormat],
  [RRType.TLSA, tlsaFormat],
  [RRType.SMIMEA, tlsaFormat],
  [RRType.CDS, dsFormat],
  [RRType.CDNSKEY, dnskeyFormat],
  [RRType.OPENPGPKEY, openpgpkeyFormat],
  [RRType.CSYNC, csyncFormat],
  [RRType.ZONEMD, zonemdFormat],
  [RRType.SVCB, svcbFormat],
  [RRType.HTTPS, svcbFormat],
  [RRType.SPF, txtFormat],
  [RRType.CAA, caaFormat],
]);
