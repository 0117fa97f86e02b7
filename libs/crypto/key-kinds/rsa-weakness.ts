/**
 * Ways in which an RSA modulus of the right size is worthless. Each is a bounded computation over public numbers, a few
 * milliseconds at 4096 bits.
 */

const SMALL_PRIMES_BELOW = 10_000;

function primesBelow(limit: number): number[] {
  const composite = new Uint8Array(limit);
  const primes: number[] = [];
  for (let candidate = 2; candidate < limit; candidate += 1) {
    if (composite[candidate]) continue;
    primes.push(candidate);
    for (let multiple = candidate * candidate; multiple < limit; multiple += candidate) composite[multiple] = 1;
  }
  return primes;
}

const smallPrimes = primesBelow(SMALL_PRIMES_BELOW);

/** The products of small primes that fit into 48 bits: one long division then serves several primes. */
const smallPrimeGroups = smallPrimes.reduce<{ product: number; primes: number[] }[]>((groups, prime) => {
  const last = groups.at(-1);
  if (last && last.product * prime < 2 ** 48) {
    last.product *= prime;
    last.primes.push(prime);
  } else groups.push({ product: prime, primes: [prime] });
  return groups;
}, []);

/** The smallest prime below 10,000 that divides `modulus`, or `undefined`. */
export function smallFactor(modulus: bigint): number | undefined {
  for (const { product, primes } of smallPrimeGroups) {
    const remainder = Number(modulus % BigInt(product));
    const factor = primes.find((prime) => remainder % prime === 0);
    if (factor !== undefined) return factor;
  }
  return undefined;
}

// The primes whose product is the primorial in the keys of every affected length (CVE-2017-15361).
const ROCA_PRIMES = smallPrimes.filter((prime) => prime > 2 && prime <= 167);

/** For each of them, the residues that are powers of 65537. */
const rocaResidues = ROCA_PRIMES.map((prime) => {
  const residues = new Set<number>();
  for (let power = 1; !residues.has(power); power = (power * 65_537) % prime) residues.add(power);
  return { prime, residues };
});

/**
 * Whether the modulus has the structure of the Infineon library's keys: modulo every small prime it is a power of 65537
 * (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, §3). A sound key has it by chance once in 2^27 or rarer.
 */
export const hasRocaFingerprint = (modulus: bigint): boolean =>
  rocaResidues.every(({ prime, residues }) => residues.has(Number(modulus % BigInt(prime))));

const FERMAT_ROUNDS = 100;

/**
 * Whether the two primes are so close that Fermat's method finds them within 100 rounds (CVE-2022-26320; FIPS 186-5
 * §A.1.3 wants them 2^(bits/2 - 100) apart).
 */
export function hasClosePrimes(modulus: bigint): boolean {
  let middle = squareRoot(modulus);
  if (middle * middle === modulus) return true;
  middle += 1n;
  for (let round = 0; round < FERMAT_ROUNDS; round += 1, middle += 1n)
    if (isSquare(middle * middle - modulus)) return true;
  return false;
}

// Most numbers that are no square are none modulo 64, 63, 65 or 11 either: 99 % are answered without a root.
const squareResidues = [64, 63, 65, 11].map((divisor) => ({
  divisor: BigInt(divisor),
  residues: new Set(Array.from({ length: divisor }, (_, number) => (number * number) % divisor)),
}));

function isSquare(number: bigint): boolean {
  if (!squareResidues.every(({ divisor, residues }) => residues.has(Number(number % divisor)))) return false;
  const root = squareRoot(number);
  return root * root === number;
}

/** The integer square root by Newton's method, from a start above it; about ten rounds for any size. */
function squareRoot(number: bigint): bigint {
  if (number < 2n) return number;
  const bits = number.toString(16).length * 4;
  let root = 1n << BigInt(Math.ceil(bits / 2));
  for (;;) {
    const next = (root + number / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
