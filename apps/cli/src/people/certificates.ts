import { choices, dataOf } from '#sdk';

import {
  type Frame,
  type ListOptions,
  choice,
  collected,
  does,
  group,
  idOf,
  namedMembers,
  printItem,
  printList,
  wholeNumber,
  withListOptions,
} from './command.js';
import { textOf } from './input-file.js';
import { serviceIdOf } from './services.js';

const AUTHORITIES = '/v1/tenants/{tenantId}/certificate-authorities';
const CERTIFICATES = '/v1/tenants/{tenantId}/certificates';
const CERTIFICATE = '/v1/tenants/{tenantId}/certificates/{kid}';

interface Filter extends ListOptions {
  readonly state?: (typeof choices.Certificate.state)[number];
  readonly subject?: string;
  readonly san?: string;
  readonly expiresBefore?: string;
}

interface Issue {
  readonly csr: string;
  readonly authority?: string;
  readonly service?: string;
  readonly days?: number;
  readonly san?: string[];
}

export function addCertificateCommands(frame: Frame): void {
  const certificates = group(frame, 'certificates', 'Certificates of the authorities of the tenant');

  const list = withListOptions(certificates.command('list').description('List the certificates'))
    .addOption(choice('--state <state>', 'only those in this state', choices.Certificate.state))
    .option('--subject <text>', 'only those whose subject begins with this text')
    .option('--san <name>', 'only those with this alternative name')
    .option('--expires-before <instant>', 'only those that expire before this time');
  does<Filter>(frame, list, async (work) => {
    const { server, options } = work;
    const { state, subject, san, expiresBefore } = options;
    const path = { tenantId: await server.tenant() };
    const query = namedMembers({ state, subject, san, expiresBefore });
    await printList(
      work,
      (page) => dataOf(server.client.GET(CERTIFICATES, { params: { path, query: { ...page, ...query } } })),
      {
        kid: (certificate) => certificate.kid,
        subject: (certificate) => certificate.subject,
        state: (certificate) => certificate.state,
        expires: (certificate) => certificate.notAfter,
        serial: (certificate) => certificate.serialNumber,
      },
    );
  });

  const show = certificates
    .command('show <kid>')
    .description('Show a certificate')
    .option('--pem', 'print the certificate itself (PEM)');
  does<{ readonly pem?: boolean }>(frame, show, async (work, kid) => {
    const path = { tenantId: await work.server.tenant(), kid: kid! };
    const found = await dataOf(work.server.client.GET(CERTIFICATE, { params: { path } }));
    if (work.options.pem) work.terminal.write(`${found.certificate ?? ''}`);
    else printItem(work, work.options.json ? found : withoutPem(found));
  });

  const issue = certificates
    .command('issue')
    .alias('create')
    .description('Issue a certificate for a request (CSR), and print it with its chain')
    .requiredOption('--csr <file>', 'the request (PKCS#10, PEM); - reads the standard input')
    .option('--authority <authority>', 'the issuer, by its id or name; the default one of the tenant if absent')
    .option('--service <service>', 'the service that it belongs to, by its id or name')
    .option('--days <number>', 'for how long it is valid', wholeNumber)
    .option('--san <name>', 'an alternative name, once for each', collected);
  does<Issue>(frame, issue, async (work) => {
    const { server, terminal, options } = work;
    const { authority, service, days: validityDays, san } = options;
    const path = { tenantId: await server.tenant() };
    const authorities = (name: string) => dataOf(server.client.GET(AUTHORITIES, { params: { path, query: { name } } }));
    const caId = authority && (await idOf(authority, authorities));
    const serviceId = service && (await serviceIdOf(server, path.tenantId, service));
    const csr = await textOf(terminal, options.csr);
    const body = { csr, ...namedMembers({ caId, serviceId, validityDays, san }) };
    const issued = await dataOf(server.client.POST(CERTIFICATES, { params: { path }, body }));
    if (options.json) return printItem(work, issued);
    terminal.fail(`kid ${issued.kid}, valid until ${issued.notAfter}\n`);
    terminal.write(`${issued.certificate}${[issued.chain].flat().join('')}`);
  });

  const revoke = certificates
    .command('revoke <kid>')
    .description('Revoke a certificate')
    .addOption(choice('--reason <reason>', 'why (RFC 5280)', choices.Revocation.reason).makeOptionMandatory());
  does<{ readonly reason: (typeof choices.Revocation.reason)[number] }>(frame, revoke, async (work, kid) => {
    const path = { tenantId: await work.server.tenant(), kid: kid! };
    const { reason } = work.options;
    const revoked = await dataOf(
      work.server.client.POST(`${CERTIFICATE}/revoke`, { params: { path }, body: { reason } }),
    );
    printItem(work, work.options.json ? revoked : withoutPem(revoked));
  });
}

/** What fits into lines. */
function withoutPem(item: object): object {
  return Object.fromEntries(Object.entries(item).filter(([name]) => name !== 'certificate' && name !== 'chain'));
}
