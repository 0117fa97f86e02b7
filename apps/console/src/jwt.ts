/** The parts of a compact JWS (RFC 7515 §7.1), unverified; `undefined` for a text that is none. */
export function decodeToken(token: string): { readonly header: unknown; readonly payload: unknown } | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const [header, payload] = parts.slice(0, 2).map(decodePart);
    return { header, payload };
  } catch {
    return undefined;
  }
}

function decodePart(part: string): unknown {
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0))));
}
