import { type RemoteInfo, createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

const TYPES = { A: 1, TXT: 16, AAAA: 28 } as const;
const NOT_FOUND = 3;

/** A DNS server of the loopback interface (RFC 1035) that answers from a table, and counts what it is asked. */
export interface TestDnsServer {
  readonly address: string;
  /** Names in lower case. A name that is in none of the two does not exist. */
  readonly addresses: Map<string, string | (() => string)>;
  readonly texts: Map<string, readonly string[]>;
  /** TXT records of a name that are in no table. */
  textsOf: (name: string) => readonly string[];
  /** Whether it leaves every question without an answer. */
  silent: boolean;
  readonly asked: string[];
  close(): void;
}

export async function startDnsServer(): Promise<TestDnsServer> {
  const socket = createSocket('udp4');
  const server: TestDnsServer = {
    address: '',
    addresses: new Map(),
    texts: new Map(),
    textsOf: () => [],
    silent: false,
    asked: [],
    close: () => socket.close(),
  };
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    const { name, type, end } = questionOf(message);
    server.asked.push(`${name} ${type}`);
    if (server.silent) return;
    const address = server.addresses.get(name);
    const others = server.textsOf(name);
    const texts = server.texts.get(name) ?? (others.length > 0 ? others : undefined);
    const data =
      type === TYPES.A && address !== undefined
        ? [Buffer.from((typeof address === 'string' ? address : address()).split('.').map(Number))]
        : type === TYPES.TXT
          ? (texts ?? []).map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]))
          : [];
    const exists = address !== undefined || texts !== undefined;
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | (exists ? 0 : NOT_FOUND), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(data.length, 6);
    const answers = data.map((each) => {
      const head = Buffer.alloc(12);
      head.writeUInt16BE(0xc00c, 0);
      head.writeUInt16BE(type, 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt16BE(each.length, 10);
      return Buffer.concat([head, each]);
    });
    socket.send(Buffer.concat([header, message.subarray(12, end), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let position = 12;
  while (message[position] !== 0) {
    const length = message[position]!;
    labels.push(message.toString('latin1', position + 1, position + 1 + length));
    position += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(position + 1), end: position + 5 };
}
