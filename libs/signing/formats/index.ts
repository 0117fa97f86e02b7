import type { TokenFormat } from '../token-format.js';
import { ccaiUser } from './ccai-user.js';
import { jwt } from './jwt.js';
import { superofficeSystemUser } from './superoffice-system-user.js';
import { telesignAppVerify } from './telesign-app-verify.js';
import { webexConnect } from './webex-connect.js';
import { ximaLicensing } from './xima-licensing.js';

/** Every format that a token profile can have: one file, one line here. */
const table: readonly TokenFormat<never>[] = [
  jwt,
  ximaLicensing,
  superofficeSystemUser,
  ccaiUser,
  webexConnect,
  telesignAppVerify,
];

export const formats: ReadonlyMap<string, TokenFormat> = new Map(
  table.map((format) => [format.name, format as unknown as TokenFormat]),
);

export const formatNames: readonly string[] = [...formats.keys()];
