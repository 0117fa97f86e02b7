import type { ProviderAnswer } from '#sdk';

const CHANNEL = 'chancery-step-up';
const WINDOW = 'popup,width=520,height=720';
/** How long the server waits for the answer of the provider. */
const WAITING_MILLISECONDS = 5 * 60_000;

/** The lock that the window that waits for an answer holds, so that the one to which it comes knows. */
const lockOf = (state: string): string => `${CHANNEL} ${state}`;

/**
 * Has a person sign in at their identity provider again, in a window of its own: this page stays as it is. The two windows know
 * nothing of each other (`Cross-Origin-Opener-Policy`), but share the origin of the console.
 *
 * @param begin gives the URL of the provider
 * @returns with what the provider sent the other window back
 * @throws Error where the browser opens no window, or no answer comes
 */
export async function answerOfProvider(begin: () => Promise<string>): Promise<ProviderAnswer> {
  // Before anything is awaited: browsers open windows for what a person just did.
  const other = window.open('', '_blank', WINDOW);
  if (other === null) throw new Error('The browser did not open a window for the identity provider');
  const url = await begin();
  const state = new URL(url).searchParams.get('state') ?? '';
  return navigator.locks.request(lockOf(state), async () => {
    const answer = answerWith(state);
    other.location.href = url;
    return answer;
  });
}

function answerWith(state: string): Promise<ProviderAnswer> {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise<ProviderAnswer>((resolve, reject) => {
    channel.addEventListener('message', ({ data }: MessageEvent<ProviderAnswer>) => {
      if (data.state === state) resolve(data);
    });
    setTimeout(() => reject(new Error('The identity provider did not answer')), WAITING_MILLISECONDS);
  }).finally(() => channel.close());
}

/** Gives an answer of a provider to the window that waits for it. @returns whether one does */
export async function handOver(answer: ProviderAnswer): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  if (!held.some(({ name }) => name === lockOf(answer.state))) return false;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(answer);
  channel.close();
  return true;
}
