import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '../http/api-declarations.js';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { Secret, coreErrors } from '#core';
import type { AlgorithmName } from '#crypto';
import { type ExportRequest, type ExportedKey as Exported, type ImportRequest, PASSPHRASE_CHARACTERS_MIN } from '#keys';
import { type KeyFormatName, keyFormatNames, keyFormats, publicKeyFormatNames } from '#pki';
import { Choice, Flag, PasswordField, Text } from '../http/fields.js';
import { Contacts } from './contacts.contract.js';
import { AlgorithmField, KeyName } from './keys.contract.js';
import { StepUp } from './step-up.contract.js';

const FILE_CHARACTERS_MAX = Math.max(...keyFormatNames.map((name) => keyFormats[name].charactersMax));
const FORMATS = keyFormatNames.map((name) => `\`${name}\`: ${keyFormats[name].title}`).join('; ');
const SECRET_EXAMPLE = 'c2VjcmV0IGJ5dGVzIG9mIGEgdmVuZG9yLCB0byBzaG93';

const Format = () => Choice(keyFormatNames, { description: FORMATS, example: 'secret-base64' });

const isFileText = (value: unknown): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= FILE_CHARACTERS_MAX;
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text of a key file, every character of it; a JWK may also be given as a JSON object. */
const KeyData = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      oneOf: [
        { type: 'string', minLength: 1, maxLength: FILE_CHARACTERS_MAX },
        { type: 'object', additionalProperties: true },
      ],
      writeOnly: true,
      description: 'The key file as text (`pkcs12` in Base64); a `jwk` also as an object',
      example: SECRET_EXAMPLE,
    }),
    ValidateBy({
      name: 'keyData',
      validator: {
        validate: (value) => isFileText(value) || isObject(value),
        defaultMessage: () => `must be text of 1 to ${FILE_CHARACTERS_MAX} characters, or a JWK`,
      },
    }),
    Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key]),
  );

export class KeyToImport {
  @KeyName() name: string;
  @AlgorithmField() algorithm: AlgorithmName;
  @Format() format: KeyFormatName;
  @KeyData() data: string | object;
  @PasswordField({ optional: true, description: 'The passphrase of the key file, if it is encrypted' })
  password?: string;
  @Flag({ optional: true, default: false, description: 'Whether the private key can be exported', example: false })
  exportable?: boolean;
  @Contacts({ optional: true }) contacts?: string[];
}

export class PublicKeyQuery {
  @Choice(publicKeyFormatNames, {
    optional: true,
    default: 'jwk',
    description: 'JWK (RFC 7517), PEM (RFC 7468), or the XML of .NET (RSA only)',
  })
  format?: KeyFormatName;
}

export class KeyExportRequest extends StepUp {
  @Format() format: KeyFormatName;
  @PasswordField({
    optional: true,
    description: `Passphrase that encrypts the file: at least ${PASSPHRASE_CHARACTERS_MIN} characters; needed for \`pem\` and \`pkcs12\``,
  })
  passphrase?: string;
}

export class ExportedKey {
  @Text({ description: 'Key ID (`kid`) of the version', example: '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10' })
  kid: string;
  @Format() format: KeyFormatName;
  @Text({
    max: FILE_CHARACTERS_MAX,
    description:
      'The private key or shared secret, in a form that the import accepts; `pkcs12` contains no certificate',
    example: SECRET_EXAMPLE,
  })
  data: string;
}

/** @throws VALIDATION_ERROR for an object that is to be anything but a JWK */
export function toImportRequest({ data, password, ...request }: KeyToImport): ImportRequest {
  if (typeof data !== 'string' && request.format !== 'jwk') {
    const detail = 'must be text in this format';
    throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/data', code: 'IS_STRING', detail }] });
  }
  const text = new Secret(typeof data === 'string' ? data : JSON.stringify(data));
  return { ...request, data: text, password: password === undefined ? undefined : new Secret(password) };
}

export const toExportRequest = ({ format, password, passphrase }: KeyExportRequest): ExportRequest => ({
  format,
  password,
  passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
});

export const presentExportedKey = ({ kid, format, data }: Exported): ExportedKey => ({
  kid,
  format,
  data: data.reveal(),
});

/** The media types of public halves; a JWK is the JSON that everything else here is. */
export const PUBLIC_KEY_MEDIA_TYPES: Readonly<Partial<Record<KeyFormatName, string>>> = {
  pem: 'application/x-pem-file',
  'rsa-xml': 'application/xml',
};
