import type { Workshop } from './openssl.js';

/** What an outside root writes into the certificate of an authority, unless a test says otherwise. */
const AUTHORITY_EXTENSIONS = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign';
const IDENTIFIERS = 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid';

interface Certified {
  readonly extensions?: string;
  readonly days?: number;
  /** Of `openssl x509`, such as `-sha1`. */
  readonly args?: readonly string[];
}

/** Certificate authorities that exist only as files and are used with the command line of OpenSSL, as an offline root is. */
export class OutsideRoot {
  #requests = 0;

  constructor(private readonly workshop: Workshop) {}

  /** A root in `<name>.pem` with its key in `<name>.key`. @returns PEM */
  async create(name: string, ...args: readonly string[]): Promise<string> {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', `${name}.key`];
    const subject = ['-subj', `/O=Offline/CN=${name}`, '-days', '3650', '-out', `${name}.pem`];
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    await this.workshop.openssl('req', '-x509', ...key, ...subject, ...usage, ...args);
    return this.workshop.read(`${name}.pem`).toString();
  }

  /**
   * The certificate for a request, or for the key and the name in another certificate, by an authority of the workshop.
   * @returns PEM
   */
  async certify(issuer: string, csr: string, { extensions, days = 365, args = [] }: Certified = {}): Promise<string> {
    const name = `request-${++this.#requests}`;
    this.workshop.write(`${name}.csr`, csr);
    this.workshop.write(`${name}.ext`, `${extensions ?? AUTHORITY_EXTENSIONS}\n${IDENTIFIERS}\n`);
    const signer = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', String(days)];
    const files = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.pem`];
    const input = csr.includes('BEGIN CERTIFICATE-----') ? '-clrext' : '-req';
    await this.workshop.openssl('x509', input, ...signer, ...files, ...args);
    return this.workshop.read(`${name}.pem`).toString();
  }
}
