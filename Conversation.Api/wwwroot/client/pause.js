// How long to wait before the next try.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** A pause that ends early when the network comes back, when someone looks at the page again, or when the signal says so. */
export function pause(milliseconds, signal) {
  return new Promise(resolve => {
    const looked = () => document.visibilityState === 'visible' && end();
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      document.removeEventListener('visibilitychange', looked);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener('online', end);
    document.addEventListener('visibilitychange', looked);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) {
      end();
    }
  });
}

/** Twice as long each time, and never the same for two clients, so that a restart does not bring all of them at once. */
export function backOff(failures) {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}
