import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION, type SettingValues } from './configuration.js';
import type { settings } from './settings.js';

/** Where others reach this installation: issuer of tokens, JWKS, CRL and OCSP addresses. */
@Injectable()
export class PublicUrl {
  #listening: string;

  constructor(@Inject(CONFIGURATION) private readonly configuration: SettingValues<typeof settings>) {
    this.#listening = `http://${configuration.host}:${configuration.port}`;
  }

  /** Without a slash at its end. */
  get current(): string {
    return this.configuration.publicUrl ?? this.#listening;
  }

  /** Says where the server listens: others reach it there unless the configuration names another URL. */
  listensOn(url: string): void {
    this.#listening = url;
  }
}
