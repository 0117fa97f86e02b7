import { fromRfc3339 } from '#core';

/** What a backup is, beside its content. */
export interface Manifest {
  readonly format: typeof FORMAT;
  /** The version of the product that made it. */
  readonly version: string;
  /** RFC 3339. What happened later is not in it. */
  readonly takenAt: string;
  /** The newest migration of its schema. */
  readonly schema: string;
  /** How many rows each table has. */
  readonly tables: Readonly<Record<string, number>>;
  readonly content: ContentFile;
  /** The recipients (`age1...`) that the content is encrypted to; none: it is not encrypted. */
  readonly recipients: readonly string[];
  /** The checkpoint of the installation's own history that the backup holds: a signed note. */
  readonly checkpoint: string | null;
}

/** The file with the rows, as it lies on the disk. */
export interface ContentFile {
  readonly file: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export const FORMAT = 'chancery-backup-1';
export const MANIFEST_FILE = 'manifest.json';

/** A manifest, or what is wrong with it. */
export function parseManifest(text: string): Manifest | string {
  let value: Partial<Manifest> | null;
  try {
    value = JSON.parse(text) as Partial<Manifest> | null;
  } catch {
    return 'it is not JSON';
  }
  if (value?.format !== FORMAT) return `it is not of the format ${FORMAT}`;
  const { content, schema, takenAt, recipients, tables } = value;
  const isWhole =
    typeof schema === 'string' &&
    typeof takenAt === 'string' &&
    fromRfc3339(takenAt) !== undefined &&
    Array.isArray(recipients) &&
    typeof tables === 'object' &&
    // The name of a file beside the manifest, and no path to another place.
    /^[a-z][a-z0-9.]{0,63}$/.test(content?.file ?? '') &&
    /^[0-9a-f]{64}$/.test(content?.sha256 ?? '') &&
    Number.isSafeInteger(content?.bytes);
  return isWhole ? (value as Manifest) : 'a member is missing';
}
