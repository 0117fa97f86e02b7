export interface ThrowawayDatabase {
  readonly url: string;
  readonly version: 'MariaDB' | 'MySQL';
  readonly pid: number;
  stop(): Promise<void>;
}

export function isDatabaseInstalled(): boolean;

export function startThrowawayDatabase(more?: readonly string[]): Promise<ThrowawayDatabase>;
