import { type AlgorithmName, type GeneratedKey, algorithm } from '#crypto';

let rsaKey: Promise<GeneratedKey> | undefined;

/**
 * A key for an algorithm, for tests to which it does not matter whether it is a fresh one. An RSA key (of 2048 bits)
 * takes a tenth of a second to generate, so that all RSA algorithms share one in each process of tests.
 */
export const generatedKey = (name: AlgorithmName): Promise<GeneratedKey> =>
  algorithm(name).kind === 'rsa' ? (rsaKey ??= algorithm(name).generate(2048)) : algorithm(name).generate();
