import {
  type UncheckedKey,
  type RsaNumbers,
  bitLength,
  cryptoErrors,
  decodeWrappedBase64,
  fromBigInt,
  rsaKey,
  toBigInt,
} from '#crypto';

/** The elements of .NET's `RSA.ToXmlString(true)`, in its order. */
const ELEMENTS = {
  Modulus: 'n',
  Exponent: 'e',
  P: 'p',
  Q: 'q',
  DP: 'dp',
  DQ: 'dq',
  InverseQ: 'qi',
  D: 'd',
} as const satisfies Record<string, keyof RsaNumbers>;

type ElementName = keyof typeof ELEMENTS;
const ELEMENT_NAMES = Object.keys(ELEMENTS) as ElementName[];

/** The roots of .NET, of phpseclib, and of a serialised `RSAParameters`; what is inside is the same. */
const ROOTS: ReadonlySet<string> = new Set(['RSAKeyValue', 'RSAKeyPair', 'RSAParameters']);

/** What a declaration may call the encoding: the text was decoded before, and every number in it is ASCII. */
const ENCODINGS: ReadonlySet<string> = new Set(['utf-8', 'utf-16', 'us-ascii', 'iso-8859-1', 'windows-1252']);

const SPACE = '[ \\t\\r\\n]';
const quoted = (value: string): string => `(?:"(?:${value})"|'(?:${value})')`;
const attribute = (name: string, value: string): string => `${SPACE}+${name}${SPACE}*=${SPACE}*${quoted(value)}`;
const NAME = '[A-Za-z][A-Za-z0-9_.-]{0,63}';

const DECLARATION = new RegExp(
  `<\\?xml${attribute('version', '1\\.[0-9]')}(?:${SPACE}+encoding${SPACE}*=${SPACE}*["']([A-Za-z0-9-]{1,20})["'])?` +
    `(?:${attribute('standalone', 'yes|no')})?${SPACE}*\\?>`,
  'y',
);
const BLANKS = new RegExp(`${SPACE}+`, 'y');
// XML 1.0 §2.5: two hyphens only at its end.
const COMMENT = /<!--(?:[^-]|-[^-])*-->/y;
/** A root with declarations of namespaces and no other attributes; the prefix, the name and the declarations. */
const ROOT = new RegExp(
  `<(?:(${NAME}):)?(${NAME})((?:${attribute(`xmlns(?::${NAME})?`, '[^"\'<>&]{0,256}')}){0,8})${SPACE}*>`,
  'y',
);
/** Base64 and white space, which some writers spell as a character reference at each line end. */
const ELEMENT = new RegExp(
  `<(?:(${NAME}):)?(${NAME})${SPACE}*>((?:[A-Za-z0-9+/= \\t\\r\\n]|&#(?:9|10|13|x9|xA|xD|xa|xd);)*)</([A-Za-z0-9_.:-]+)${SPACE}*>`,
  'y',
);
const END = new RegExp(`</([A-Za-z0-9_.:-]{1,130})${SPACE}*>`, 'y');

/**
 * .NET's `RSAKeyValue`, by a grammar of its own: the eight elements once each, in any order, Base64 inside, white space and
 * comments anywhere between. What other writers put around it is passed over: a declaration, namespaces, a byte order mark.
 * There is no XML parser that could be talked into entities, documents or references.
 * @throws INVALID_KEY
 */
export function readRsaXml(text: string): UncheckedKey {
  const reader = new Reader(text);
  reader.take(BLANKS);
  const declaration = reader.take(DECLARATION);
  if (declaration?.[1] !== undefined && !ENCODINGS.has(declaration[1].toLowerCase())) throw malformed();
  reader.passOver();
  const [start, prefix, root = '', namespaces = ''] = reader.take(ROOT) ?? [];
  if (start === undefined) throw malformed();
  if (!ROOTS.has(root)) throw cryptoErrors.INVALID_KEY(`The root is none of ${[...ROOTS].join(', ')}`);
  const prefixes = [...namespaces.matchAll(/xmlns:([A-Za-z0-9_.-]+)/g)].map(([, declared]) => declared);
  if (prefix !== undefined && !prefixes.includes(prefix)) throw malformed();
  const qualified = (name: string): string => (prefix === undefined ? name : `${prefix}:${name}`);
  const numbers = new Map<string, bigint>();
  reader.passOver();
  for (let element = reader.take(ELEMENT); element; element = reader.take(ELEMENT)) {
    const [, itsPrefix, name = '', base64 = '', end] = element;
    const belongs = Object.hasOwn(ELEMENTS, name) && itsPrefix === prefix && end === qualified(name);
    if (!belongs || numbers.has(name)) throw malformed();
    numbers.set(name, toBigInt(decodeWrappedBase64(base64.replaceAll(/&#[^;]*;/g, ' '))));
    reader.passOver();
  }
  const isClosed = reader.take(END)?.[1] === qualified(root);
  reader.passOver();
  if (!isClosed || !reader.isAtEnd) throw malformed();
  if (ELEMENT_NAMES.some((name) => !numbers.has(name))) {
    throw cryptoErrors.INVALID_KEY(`A private key needs ${ELEMENT_NAMES.join(', ')}`);
  }
  const entries = ELEMENT_NAMES.map((name) => [ELEMENTS[name], numbers.get(name)!]);
  return rsaKey(Object.fromEntries(entries) as RsaNumbers);
}

const malformed = (): Error => cryptoErrors.INVALID_KEY('It is not an RSAKeyValue of the elements that .NET writes');

/** Walks through a text from its start, one match after the other. */
class Reader {
  #position = 0;

  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#position === this.text.length;
  }

  /** What matches at the position, which moves behind it. */
  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.text);
    if (match) this.#position = pattern.lastIndex;
    return match;
  }

  /** White space and comments. */
  passOver(): void {
    while (this.take(BLANKS) ?? this.take(COMMENT));
  }
}

/** As .NET writes it, and reads it: numbers as long as the modulus, or as half of it. */
export function writeRsaXml(numbers: Pick<RsaNumbers, 'n' | 'e'> & Partial<RsaNumbers>): string {
  const modulusBytes = Math.ceil(bitLength(numbers.n) / 8);
  const bytesOf = { n: modulusBytes, d: modulusBytes, e: 0 } as Partial<Record<keyof RsaNumbers, number>>;
  const elements = ELEMENT_NAMES.flatMap((name) => {
    const number = numbers[ELEMENTS[name]];
    if (number === undefined) return [];
    const bytes = fromBigInt(number, bytesOf[ELEMENTS[name]] ?? Math.ceil(modulusBytes / 2));
    return [`<${name}>${bytes.toString('base64')}</${name}>`];
  });
  return `<RSAKeyValue>${elements.join('')}</RSAKeyValue>`;
}
