/**
 * A hook beside those of Nest (`OnModuleInit`): a provider that has the method is asked once in a process, when the vault
 * is open and the schema is the newest, before any request. It loads a secret of the installation, or makes it at the first start.
 */
export interface OnUnsealed {
  /** @throws what keeps the process from starting */
  onUnsealed(): Promise<void>;
}

export const hasOnUnsealed = (provider: unknown): provider is OnUnsealed =>
  typeof provider === 'object' && provider !== null && 'onUnsealed' in provider;
