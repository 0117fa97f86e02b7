/** Now, in milliseconds since 1970: the one place where the console looks at the time. */
export const now = (): number => performance.timeOrigin + performance.now();
