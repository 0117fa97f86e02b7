import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';

import { SECOND } from '#core';
import type { Logger } from '#logging';

import type { TokenAnswer, TokenFailure, TokenOptions, TokenQuestion } from './pkcs11-token.js';
import { StoreOutage } from './store-line.js';

// Next to this file, in the source as in the build.
const PROGRAM = new URL(`./pkcs11-token${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

type Value = Extract<TokenAnswer, { ok: true }>['value'];

export interface TokenSource extends Omit<TokenOptions, 'pin'> {
  /** File with the PIN; read for each log-in. */
  readonly pinFile: string | undefined;
  readonly processes: number;
}

/** How long each call may take, a log-in included; after that the process is killed, which no thread could be. */
const LIMITS: Readonly<Record<TokenQuestion['kind'], number>> = {
  open: 15 * SECOND,
  sign: 5 * SECOND,
  has: 5 * SECOND,
  destroy: 10 * SECOND,
  // Of a command: no request waits for it.
  list: 60 * SECOND,
  // RSA of 4096 bits on a slow device.
  generate: 60 * SECOND,
};

/** The token did not do it, and a person or another algorithm has to help: asking again is of no use. */
export class TokenRefusal extends Error {
  constructor(
    readonly failure: TokenFailure,
    detail: string,
  ) {
    super(detail);
  }
}

/** It did not answer in time; another process would not either. */
class TooSlow extends Error {}

/** The process or the session is gone; a new one may have what this one has lost. */
class Gone extends Error {}

/**
 * Processes in which the module of a token runs. Its calls are synchronous and may never return, or crash: in a process of its own,
 * neither stops the server, and the time limit is one (a thread that is inside of a native call cannot be ended).
 * A process that was lost is followed by another with the next call.
 */
export class TokenProcesses {
  readonly #idle: TokenProcess[] = [];
  readonly #all = new Set<TokenProcess>();
  /** Log-ins take turns: a wrong PIN costs one try, and not one for each process. */
  #lastOpening: Promise<unknown> = Promise.resolve();
  #rejectedPin: string | undefined;
  #closed = false;

  constructor(
    readonly source: TokenSource,
    private readonly log: Logger,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** What the token can do, by the names of `TokenSignature`. @throws StoreOutage */
  async mechanisms(): Promise<readonly string[]> {
    const { token } = await this.#take();
    this.#idle.push(token);
    return token.mechanisms;
  }

  /**
   * Asks the token. The loss of a process that has waited says nothing about the token, and all of them may have been lost at the same time:
   * only what a new one says counts.
   * @throws TokenRefusal, StoreOutage
   */
  async ask(question: Exclude<TokenQuestion, { kind: 'open' }>): Promise<Value> {
    for (let opened = 0; ;) {
      const { token, isNew } = await this.#take();
      if (isNew) opened += 1;
      try {
        return await this.#askOne(token, question);
      } catch (error) {
        if (!(error instanceof Gone)) throw error;
        this.log.warn({ cause: error.message }, 'The session of a key store was lost: it is opened again');
        // A key pair may have been made before the answer was lost, and there must not be two.
        if (question.kind === 'generate' || opened === OPENED_MAX) throw new StoreOutage(error);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((token) => token.end()));
  }

  async #askOne(token: TokenProcess, question: TokenQuestion): Promise<Value> {
    try {
      const answer = await token.ask(question, LIMITS[question.kind]);
      if (answer.ok) return answer.value;
      // A session that was lost logs in again: the PIN may have been changed since.
      if (answer.failure === 'pin') this.#rejected(token, answer.detail);
      if (answer.failure === 'lost' || answer.failure === 'pin') throw new Gone(answer.detail);
      throw new TokenRefusal(answer.failure, answer.detail);
    } catch (error) {
      if (error instanceof Gone) token.kill();
      throw error instanceof TooSlow ? new StoreOutage(error) : error;
    } finally {
      if (token.isUsable) this.#idle.push(token);
    }
  }

  #rejected({ pinDigest }: TokenProcess, detail: string): void {
    this.#rejectedPin = pinDigest;
    this.log.error({ tokenLabel: this.source.tokenLabel, cause: detail }, PIN_REJECTED);
  }

  /** A process whose token is open. Who calls sees to it that no more are wanted than there may be. */
  async #take(): Promise<{ readonly token: TokenProcess; readonly isNew: boolean }> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.isUsable) return { token: idle, isNew: false };
    }
    const opening = this.#lastOpening.then(() => this.#open());
    this.#lastOpening = opening.catch(() => undefined);
    return { token: await opening, isNew: true };
  }

  /** @throws StoreOutage */
  async #open(): Promise<TokenProcess> {
    if (this.#closed) throw new StoreOutage(new Error('The server ends'));
    const { module, tokenLabel, pinFile } = this.source;
    const pin = pinFile === undefined ? '' : await pinIn(pinFile);
    if (this.#rejectedPin === digestOf(pin)) {
      throw new StoreOutage(
        new Error('The token has rejected this PIN: it is not tried again before its file has another'),
      );
    }
    const token = new TokenProcess(digestOf(pin), this.environment, (ended) => this.#all.delete(ended));
    this.#all.add(token);
    try {
      const answer = await token.ask({ kind: 'open', options: { module, tokenLabel, pin } }, LIMITS.open);
      if (answer.ok) {
        token.mechanisms = answer.value as readonly string[];
        return token;
      }
      if (answer.failure === 'pin') this.#rejected(token, answer.detail);
      throw new Gone(answer.detail);
    } catch (error) {
      token.kill();
      throw new StoreOutage(error);
    }
  }
}

/** How many new processes one call is given: a session can be lost right after it was opened. */
const OPENED_MAX = 2;

const PIN_REJECTED = 'The token of a key store rejects its PIN';

async function pinIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new StoreOutage(cause);
  }
}

const digestOf = (pin: string): string => createHash('sha256').update(pin).digest('hex');

/** One process, which answers one question after the other. */
class TokenProcess {
  mechanisms: readonly string[] = [];
  readonly #child: ChildProcess;
  #answered: ((answer: TokenAnswer | Error) => void) | undefined;
  #ended = false;

  /** @param pinDigest of the PIN that it logs in with */
  constructor(
    readonly pinDigest: string,
    environment: Readonly<Record<string, string>>,
    onEnd: (ended: TokenProcess) => void,
  ) {
    this.#child = fork(PROGRAM, {
      serialization: 'advanced',
      // Inspectors and loaders of the server are none of it, and a module of a maker is given no secret of ours.
      execArgv: [],
      env: environment,
      // By its standard input it sees that this process is gone, however it ended.
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    });
    const { stdin } = this.#child;
    if (stdin instanceof Socket) stdin.on('error', () => undefined).unref();
    endWithServer(this.#child);
    // It keeps no process alive by itself: what waits for an answer has a timer.
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.on('message', (answer: TokenAnswer) => this.#respond(answer));
    const gone = (reason: string) => (): void => {
      this.#ended = true;
      onEnd(this);
      this.#respond(new Gone(reason));
    };
    this.#child.on('exit', gone('The process of the token has ended'));
    this.#child.on('disconnect', gone('The process of the token has ended'));
    this.#child.on('error', gone('The process of the token cannot be started or asked'));
  }

  get isUsable(): boolean {
    return !this.#ended;
  }

  /** @throws Gone where it ends, TooSlow where it needs longer than it may: it is killed then */
  async ask(question: TokenQuestion, milliseconds: number): Promise<TokenAnswer> {
    const answer = await new Promise<TokenAnswer | Error>((resolve) => {
      const timer = setTimeout(() => {
        this.kill();
        this.#respond(new TooSlow(`The token needs longer than ${milliseconds / SECOND} s`));
      }, milliseconds);
      this.#answered = (given) => {
        clearTimeout(timer);
        resolve(given);
      };
      if (this.#ended) this.#respond(new Gone('The process of the token has ended'));
      else this.#child.send(question);
    });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  kill(): void {
    this.#ended = true;
    this.#child.kill('SIGKILL');
  }

  /** Lets it end by itself: it does when it is alone. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#ended = true;
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), SECOND);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #respond(answer: TokenAnswer | Error): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(answer);
  }
}

/** Ends the process of that id when nothing has its standard input open any more. Signals of the group are the server's concern. */
const END_OF_INPUT = 'trap \'\' HUP INT TERM; read -r _; kill -9 "$1"';

/**
 * Ends a process when this one is gone, however that ended. It watches for that on a thread of its own, which cannot run while the
 * dynamic loader is locked: as long as a module is being loaded, which never ends where its file is on a drive that is gone. A shell beside it
 * loads nothing. Where there is no shell, the thread is all.
 */
function endWithServer(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const watch = spawn('/bin/sh', ['-c', END_OF_INPUT, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  watch.on('error', () => undefined).unref();
  watch.stdin.on('error', () => undefined);
  if (watch.stdin instanceof Socket) watch.stdin.unref();
  // Its id can be that of another process later.
  child.once('exit', () => watch.kill('SIGKILL'));
}
