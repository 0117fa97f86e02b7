import { ConfigurationError } from '#config';
import { DomainError } from '#core';

/** What is wrong, as a person reads it. */
export function reasonOf(error: unknown): string {
  if (error instanceof DomainError && error.errors) {
    return error.errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`).join('\n');
  }
  if (error instanceof ConfigurationError || error instanceof DomainError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
