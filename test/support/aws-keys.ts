import { createHash, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ecdsaOfDigest, pkcs1OfDigest, pssOfDigest } from './digest-signatures.js';
import { type KeyPair, keyPair } from './generated-key.js';
import { AWS_KEY_PREFIX, AWS_REGION, Refusals, type ServiceAnswer, isSignedForAws } from './key-services.js';

interface AwsKey extends KeyPair {
  readonly arn: string;
  readonly keySpec: string;
  readonly tags: readonly { readonly TagKey: string; readonly TagValue: string }[];
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  deletionDays: number | undefined;
}

/** A substitute of the signing keys of AWS KMS (JSON protocol 1.1, API version 2014-11-01). The keys are real ones. */
export interface AwsKeys {
  /** For `CHANCERY_KEY_STORES`. */
  readonly uri: string;
  /** By their ARNs. */
  readonly keys: Map<string, AwsKey>;
  /** ARNs by alias. */
  readonly aliases: Map<string, string>;
  /** Every action that was asked for. */
  readonly calls: string[];
  readonly refusals: Refusals;
  /** Leaves requests for signatures unanswered. */
  holdSignatures(): {
    /** How many wait. */
    readonly waiting: () => number;
    /** Answers them, and has it sign again. */
    readonly release: () => void;
  };
  /** How many signatures it was asked for at the same time, at most. */
  mostSigning: number;
  /** So many reads do not find an alias that was just made. */
  unseenReads: number;
  close(): Promise<void>;
}

const CURVES = { ECC_NIST_P256: 'P-256', ECC_NIST_P384: 'P-384', ECC_NIST_P521: 'P-521' } as const;
const CURVE_HASHES = { ECC_NIST_P256: 'SHA_256', ECC_NIST_P384: 'SHA_384', ECC_NIST_P521: 'SHA_512' } as const;
const HASHES = { SHA_256: 'sha256', SHA_384: 'sha384', SHA_512: 'sha512' } as const;
const MESSAGE_BYTES_MAX = 4_096;

function newPair(keySpec: string): KeyPair | undefined {
  const bits = /^RSA_(2048|3072|4096)$/.exec(keySpec)?.[1];
  if (bits !== undefined) return keyPair(Number(bits));
  if (keySpec === 'ECC_NIST_EDWARDS25519') return keyPair('Ed25519');
  const curve = CURVES[keySpec as keyof typeof CURVES];
  return curve && keyPair(curve);
}

export const awsRefusal = (type: string, status = 400): ServiceAnswer => [status, { __type: type, message: type }];

/** `undefined` where AWS would reject the request. */
function signatureOf({ keySpec, privateKey }: AwsKey, input: Record<string, unknown>): Buffer | undefined {
  const message = Buffer.from(String(input['Message']), 'base64');
  const by = String(input['SigningAlgorithm']);
  if (keySpec === 'ECC_NIST_EDWARDS25519') {
    const fits = by === 'ED25519_SHA_512' && input['MessageType'] === 'RAW' && message.length <= MESSAGE_BYTES_MAX;
    return fits ? sign(null, message, privateKey) : undefined;
  }
  const [, family, hashName] = /^(RSASSA_PKCS1_V1_5|RSASSA_PSS|ECDSA)_(SHA_\d+)$/.exec(by) ?? [];
  const hash = HASHES[hashName as keyof typeof HASHES];
  const isDigest = input['MessageType'] === 'DIGEST' && hash && message.length === createHash(hash).digest().length;
  if (!isDigest) return undefined;
  if (family === 'ECDSA') {
    const fits = CURVE_HASHES[keySpec as keyof typeof CURVE_HASHES] === hashName;
    return fits ? ecdsaOfDigest(privateKey, message, 'der') : undefined;
  }
  if (!keySpec.startsWith('RSA_')) return undefined;
  return family === 'RSASSA_PSS' ? pssOfDigest(privateKey, hash, message) : pkcs1OfDigest(privateKey, hash, message);
}

export async function awsKeys(): Promise<AwsKeys> {
  const keys = new Map<string, AwsKey>();
  const aliases = new Map<string, string>();

  let signing = 0;
  let held: (() => void)[] | undefined;

  const find = (keyId: string): AwsKey | undefined => {
    if (!keyId.startsWith('alias/')) return keys.get(keyId);
    if (service.unseenReads > 0) {
      service.unseenReads -= 1;
      return undefined;
    }
    return keys.get(aliases.get(keyId) ?? '');
  };

  const metadataOf = ({ arn, keySpec, state }: AwsKey) => ({
    Arn: arn,
    KeyId: arn.replace(AWS_KEY_PREFIX, ''),
    KeySpec: keySpec,
    KeyUsage: 'SIGN_VERIFY',
    KeyState: state,
    Origin: 'AWS_KMS',
  });

  const actions: Readonly<Record<string, (input: Record<string, unknown>) => ServiceAnswer>> = {
    ListAliases: ({ Limit, Marker = '0' }) => {
      if (!(Number(Limit) >= 1 && Number(Limit) <= 100)) return awsRefusal('ValidationException');
      const [all, first, end] = [[...aliases], Number(Marker), Number(Marker) + Number(Limit)];
      const Aliases = all.slice(first, end).map(([AliasName, arn]) => ({ AliasName, AliasArn: arn }));
      return [200, { Aliases, ...(end < all.length ? { Truncated: true, NextMarker: String(end) } : {}) }];
    },
    CreateKey: (input) => {
      const keySpec = String(input['KeySpec']);
      const pair = newPair(keySpec);
      if (!pair || input['KeyUsage'] !== 'SIGN_VERIFY') return awsRefusal('ValidationException');
      const arn = `${AWS_KEY_PREFIX}${randomUUID()}`;
      const tags = input['Tags'] as AwsKey['tags'];
      const key: AwsKey = { arn, keySpec, tags, ...pair, state: 'Enabled', deletionDays: undefined };
      keys.set(arn, key);
      return [200, { KeyMetadata: metadataOf(key) }];
    },
    CreateAlias: (input) => {
      const alias = String(input['AliasName']);
      const key = keys.get(String(input['TargetKeyId']));
      if (!/^alias\/(?!aws)[\w/-]{1,250}$/.test(alias)) return awsRefusal('InvalidAliasNameException');
      if (!key) return awsRefusal('NotFoundException');
      if (aliases.has(alias)) return awsRefusal('AlreadyExistsException');
      aliases.set(alias, key.arn);
      return [200, {}];
    },
    DeleteAlias: (input) => (aliases.delete(String(input['AliasName'])) ? [200, {}] : awsRefusal('NotFoundException')),
    DescribeKey: (input) => {
      const key = find(String(input['KeyId']));
      return key ? [200, { KeyMetadata: metadataOf(key) }] : awsRefusal('NotFoundException');
    },
    GetPublicKey: (input) => {
      const key = find(String(input['KeyId']));
      if (!key) return awsRefusal('NotFoundException');
      const der = key.publicKey.export({ type: 'spki', format: 'der' });
      const { Arn, KeySpec, KeyUsage } = metadataOf(key);
      return [200, { KeyId: Arn, PublicKey: der.toString('base64'), KeySpec, KeyUsage }];
    },
    ScheduleKeyDeletion: (input) => {
      // Aliases are not taken here.
      const key = keys.get(String(input['KeyId']));
      const days = Number(input['PendingWindowInDays']);
      if (!key) return awsRefusal('NotFoundException');
      if (key.state === 'PendingDeletion') return awsRefusal('KMSInvalidStateException');
      if (days < 7 || days > 30) return awsRefusal('ValidationException');
      Object.assign(key, { state: 'PendingDeletion', deletionDays: days });
      return [200, { KeyId: key.arn, KeyState: key.state, PendingWindowInDays: days }];
    },
    Sign: (input) => {
      const key = find(String(input['KeyId']));
      if (!key) return awsRefusal('NotFoundException');
      if (key.state === 'Disabled') return awsRefusal('DisabledException');
      if (key.state !== 'Enabled') return awsRefusal('KMSInvalidStateException');
      const signature = signatureOf(key, input);
      if (!signature) return awsRefusal('ValidationException');
      const SigningAlgorithm = input['SigningAlgorithm'];
      return [200, { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm }];
    },
  };

  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url: path = '', headers } = message;
      const body = Buffer.concat(chunks).toString();
      const action = /^TrentService\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1] ?? '';
      service.calls.push(action);
      const outcome = (): ServiceAnswer => {
        const isAddressed =
          method === 'POST' && path === '/' && headers['content-type'] === 'application/x-amz-json-1.1';
        if (!isAddressed || !Object.hasOwn(actions, action)) return awsRefusal('UnknownOperationException');
        if (!isSignedForAws({ method, path, headers, body })) return awsRefusal('IncompleteSignatureException');
        return service.refusals.take(action) ?? actions[action]!(JSON.parse(body) as Record<string, unknown>);
      };
      const [status, document] = outcome();
      const answer = (): void => {
        if (action === 'Sign') signing -= 1;
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(document));
      };
      if (action === 'Sign') signing += 1;
      service.mostSigning = Math.max(service.mostSigning, signing);
      if (action === 'Sign' && held) held.push(answer);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const service: AwsKeys = {
    uri: `aws-kms://${AWS_REGION}?endpoint=http://127.0.0.1:${port}`,
    keys,
    aliases,
    calls: [],
    refusals: new Refusals(),
    holdSignatures: () => {
      const answers = (held = [] as (() => void)[]);
      const release = (): void => {
        held = undefined;
        for (const answer of answers) answer();
      };
      return { waiting: () => answers.length, release };
    },
    mostSigning: 0,
    unseenReads: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return service;
}
