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

const SPACE = '[ \\t\\r\\n]*';
const START = new RegExp(
  `${SPACE}(?:<\\?xml version="1\\.0"(?: encoding="[Uu][Tt][Ff]-8")? ?\\?>${SPACE})?<RSAKeyValue>`,
  'y',
);
const ELEMENT = new RegExp(`${SPACE}<([A-Za-z]+)>([A-Za-z0-9+/= \\t\\r\\n]*)</\\1>`, 'y');
const END = new RegExp(`${SPACE}</RSAKeyValue>${SPACE}$`, 'y');

/**
 * .NET's `RSAKeyValue`, by a grammar of its own: the eight elements once each, in any order, Base64 inside, white space
 * anywhere between. There is no XML parser that could be talked into entities, documents or references.
 * @throws INVALID_KEY
 */
export function readRsaXml(text: string): UncheckedKey {
  const start = matchAt(START, text, 0);
  if (!start) throw malformed();
  let position = start[0].length;
  const numbers = new Map<string, bigint>();
  for (let element = matchAt(ELEMENT, text, position); element; element = matchAt(ELEMENT, text, position)) {
    const [whole, name = '', base64 = ''] = element;
    if (!Object.hasOwn(ELEMENTS, name) || numbers.has(name)) throw malformed();
    numbers.set(name, toBigInt(decodeWrappedBase64(base64)));
    position += whole.length;
  }
  if (!matchAt(END, text, position)) throw malformed();
  if (ELEMENT_NAMES.some((name) => !numbers.has(name))) {
    throw cryptoErrors.INVALID_KEY(`A private key needs ${ELEMENT_NAMES.join(', ')}`);
  }
  const entries = ELEMENT_NAMES.map((name) => [ELEMENTS[name], numbers.get(name)!]);
  return rsaKey(Object.fromEntries(entries) as RsaNumbers);
}

const malformed = (): Error => cryptoErrors.INVALID_KEY('It is not an RSAKeyValue of the elements that .NET writes');

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
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
