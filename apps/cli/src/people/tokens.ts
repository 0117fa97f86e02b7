import { type ChanceryClient, dataOf } from '#sdk';

import { Refusal, exitCodes } from '../terminal.js';
import { jsonObjectIn, textOf } from './input-file.js';
import {
  type Frame,
  type Work,
  collected,
  does,
  group,
  namedMembers,
  printItem,
  printList,
  wholeNumber,
  withListOptions,
} from './command.js';
import { membersOf } from './table.js';

const PROFILES = '/v1/tenants/{tenantId}/token-profiles';

interface SignOptions {
  readonly subject?: string;
  readonly audience?: string[];
  readonly claim?: string[];
  readonly ttl?: number;
  readonly input?: string;
}

/** People administer; tokens are signed for services. @throws Refusal */
function clientOfService({ server }: Work<object>): ChanceryClient {
  if (server.isService) return server.client;
  throw new Refusal(
    'Tokens are signed and verified for services: set CHANCERY_TOKEN to a service key',
    exitCodes.notSignedIn,
  );
}

export function addTokenCommands(frame: Frame): void {
  const profiles = group(frame, 'token-profiles', 'What may be signed, with which key and for how long');
  does(frame, withListOptions(profiles.command('list').description('List the token profiles')), async (work) => {
    const path = { tenantId: await work.server.tenant() };
    await printList(work, (query) => dataOf(work.server.client.GET(PROFILES, { params: { path, query } })), {
      name: (profile) => profile.name,
      format: (profile) => profile.format,
      key: (profile) => profile.keyId ?? profile.certificateKid,
      'ttl seconds': (profile) => profile.ttlSeconds,
    });
  });

  const show = profiles.command('show <name>').description('Show a token profile');
  does(frame, show, async (work, name) => {
    const path = { tenantId: await work.server.tenant(), name: name! };
    printItem(work, await dataOf(work.server.client.GET(`${PROFILES}/{name}`, { params: { path } })));
  });

  const sign = frame.root
    .command('sign <profile>')
    .description('Sign a token with a profile and a service key, and print it')
    .option('--subject <text>', 'its `sub`')
    .option('--audience <text>', 'its `aud`; repeatable', collected)
    .option('--claim <name=value>', 'another claim; repeatable; the value is JSON or text', collected)
    .option('--ttl <seconds>', 'lifetime of the token', wholeNumber)
    .option('--input <file>', "the input of the profile's format, as JSON; - reads standard input");
  does<SignOptions>(frame, sign, async (work, profile) => {
    const client = clientOfService(work);
    const body = await inputOf(work);
    const signed = await dataOf(client.POST('/v1/sign/{profile}', { params: { path: { profile: profile! } }, body }));
    if (work.options.json) printItem(work, signed);
    else work.terminal.write(`${signed.token}\n`);
  });

  const verify = frame.root
    .command('verify <profile>')
    .description('Verify a token by a profile, with a service key. Exit code 2 for one that is not valid')
    .option('--token <file>', 'the file with the token; - reads the standard input', '-')
    .option('--consume', 'use its replay id up');
  does<{ readonly token: string; readonly consume?: boolean }>(frame, verify, async (work, profile) => {
    const client = clientOfService(work);
    const token = (await textOf(work.terminal, work.options.token)).trim();
    const { consume = false } = work.options;
    const verdict = await dataOf(client.POST('/v1/verify', { body: { profile: profile!, token, consume } }));
    if (work.options.json) printItem(work, verdict);
    else {
      const { claims = {}, ...rest } = verdict;
      work.terminal.write(`${membersOf(rest)}${Object.keys(claims).length > 0 ? `\n${membersOf(claims)}` : ''}`);
    }
    return verdict.valid ? exitCodes.done : exitCodes.invalid;
  });
}

/** What is to be signed, by the options of the format `jwt` or as a whole. */
async function inputOf({ terminal, options }: Work<SignOptions>): Promise<Record<string, never>> {
  const { subject, audience, claim, ttl, input } = options;
  const given = namedMembers({
    subject,
    audience: audience?.length === 1 ? audience[0] : audience,
    claims: claim && Object.fromEntries(claim.map(claimOf)),
    ttlSeconds: ttl,
  });
  const whole = await jsonObjectIn(terminal, input, 'The input must be a JSON object');
  // The server checks it: which members there are depends on the format.
  return { ...whole, ...given } as Record<string, never>;
}

function claimOf(text: string): [name: string, value: unknown] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new Refusal(`--claim takes name=value, not ${text}`);
  try {
    return [name, JSON.parse(value!)];
  } catch {
    return [name, value];
  }
}
