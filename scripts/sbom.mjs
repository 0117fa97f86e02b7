// `npm run sbom -- [folder]`: what ships, as package-lock.json has it. Writes `sbom.cdx.json` (CycloneDX 1.5) and `licences.txt` into
// the folder (`dist` by default), and fails where a licence is not permissive. Two runs on one package-lock.json write the same bytes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isPermissive } from './licences.mjs';
import { Explained, ROOT, at, productNode, run } from './project.mjs';

const json = (path) => JSON.parse(readFileSync(at(path), 'utf8'));

/** npm on the Node that the product runs on: the npm that can list needs a later Node than 18. */
function npm(...options) {
  const node = productNode() ?? process.execPath;
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const { status, stdout, stderr, error } = spawnSync('npm', options, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Explained(`npm ${options.join(' ')} failed:\n${stderr ?? error}`);
  return stdout;
}

/** `npm sbom` came with npm 10.2; Debian 12 has npm 9.2. */
function canList() {
  const [major, minor] = npm('--version').trim().split('.').map(Number);
  return major > 10 || (major === 10 && minor >= 2);
}

/** npm's own list of everything in package-lock.json. An npm that cannot list fetches one that can. */
function listed() {
  const options = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const later = ['exec', '--yes', '--package=npm@11', '--', 'npm'];
  return JSON.parse(npm(...(canList() ? options : [...later, ...options])));
}

/** Without the tools of development. `npm sbom --omit dev` leaves out packages that a tool needs, too, such as rxjs. */
function shipped(document) {
  const places = Object.entries(json('package-lock.json').packages).filter(([place, { dev }]) => place !== '' && !dev);
  const names = new Set(places.map(([place, { version }]) => `${place.split('node_modules/').at(-1)}@${version}`));
  const components = document.components.filter((component) => names.has(component['bom-ref']));
  const refs = new Set([document.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = document.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  return { ...document, components, dependencies };
}

/** Without the two members that differ from run to run, and that the format does not require; npm names the application by its folder. */
function reproducible({ serialNumber: _serialNumber, ...document }) {
  const { timestamp: _timestamp, ...metadata } = document.metadata;
  const component = { ...metadata.component, name: json('package.json').name };
  return { ...document, metadata: { ...metadata, component } };
}

const licenceOf = ({ licenses = [] }) =>
  licenses.map(({ expression, license }) => expression ?? license.id ?? license.name).join(' AND ') || 'none';

await run(() => {
  const folder = resolve(process.argv[2] ?? at('dist'));
  const document = reproducible(shipped(listed()));
  const licences = document.components
    .map((component) => ({ purl: component.purl, licence: licenceOf(component) }))
    .sort((one, other) => (one.purl < other.purl ? -1 : 1));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(document, null, 2)}\n`);
  writeFileSync(join(folder, 'licences.txt'), licences.map(({ purl, licence }) => `${purl} ${licence}\n`).join(''));
  const refused = licences.filter(({ licence }) => !isPermissive(licence));
  if (refused.length > 0) {
    throw new Explained(`Not permissive: ${refused.map(({ purl, licence }) => `${purl} (${licence})`).join(', ')}`);
  }
  process.stdout.write(`chancery: ${licences.length} packages ship, all with permissive licences\n`);
  return 0;
});
