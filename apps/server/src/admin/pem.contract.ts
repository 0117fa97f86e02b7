import { type TextOptions, Text } from '../http/fields.js';

/** Text of many lines, as long as a body can be; what is in it is checked where it is read. */
export const Pem = (options: TextOptions = {}) => Text({ max: 60_000, multiline: true, ...options });

export const CERTIFICATE_EXAMPLE = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIQ...\n-----END CERTIFICATE-----\n';
export const CSR_EXAMPLE =
  '-----BEGIN CERTIFICATE REQUEST-----\nMIICYzCCAUsCAQAwHjEc...\n-----END CERTIFICATE REQUEST-----\n';
