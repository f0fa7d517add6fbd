import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A gateway that takes MQTT over WebSocket without TLS and hands it to a broker, as a reverse proxy does. */
export interface Gateway {
  readonly port: number;
  close(): Promise<void>;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export async function openGateway(brokerPort: number): Promise<Gateway> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(404).end());
  server.on("upgrade", (request, socket: Socket) => {
    const key = `${request.headers["sec-websocket-key"]}${GUID}`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`);
    socket.write(`Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    bridge(socket, connect(brokerPort, "127.0.0.1"));
  });
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** One short frame at a time is all that the probe sends. */
function bridge(near: Socket, far: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  near.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const short = (rest[1] ?? 0) & 0x7f;
      const start = short === 126 ? 8 : 6;
      const length = short === 126 && rest.length >= 4 ? rest.readUInt16BE(2) : short;
      if (rest.length < start + length) return;
      const mask = rest.subarray(start - 4, start);
      far.write(rest.subarray(start, start + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
      rest = rest.subarray(start + length);
    }
  });
  far.on("data", (chunk: Buffer) => {
    const length = chunk.length < 126 ? [chunk.length] : [126, chunk.length >> 8, chunk.length & 0xff];
    near.write(Buffer.concat([Buffer.from([0x82, ...length]), chunk]));
  });
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.on("error", () => undefined).on("close", () => other.destroy());
  }
}
