import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../../agent/link/connection.ts";
import { startTimer } from "../../agent/timer.ts";
import { createAuthority, issueServerCertificate, issueTerminalCertificate } from "../../certs/x509/authority.ts";
import { createCertificate } from "../../certs/x509/certificate.ts";
import { generateRsaKey, parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { loadCertificates, longAgo, TUSN_A, TUSN_B } from "../support/certificates.ts";

// Row 27, the other way: what an agent says to a server that is not the service.

const DAY_MS = 86_400_000;
const NAMES = { name: "Tillsync test server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
const SERVER = { name: "extKeyUsage", serverAuth: true };
const LOCAL_NAME = {
  name: "subjectAltName",
  altNames: [
    { type: 2, value: "localhost" },
    { type: 7, ip: "127.0.0.1" },
  ],
};

type Identity = Pick<TlsOptions, "key" | "cert" | "minVersion" | "maxVersion">;

interface Issuing {
  readonly issuer?: string;
  readonly signingKey?: string;
  readonly extensions: readonly object[];
}

const made = load();

async function load() {
  const [certificates, key] = [await loadCertificates(), await generateRsaKey()];
  const { authority } = certificates;
  const days = { days: 30, now: new Date() };
  const publicKey = toRsaPublicKey(key);
  const issue = async (change: object, by = authority): Promise<Identity> => {
    const cert = await issueServerCertificate(by, { ...days, ...NAMES, publicKey, ...change });
    return { key: toRsaKeyPem(key), cert };
  };
  const issueOdd = async ({ issuer, signingKey, extensions }: Issuing): Promise<Identity> => {
    const own = issuer === undefined ? {} : { issuer };
    const by = signingKey === undefined ? key : parseRsaKey(signingKey);
    const cert = await createCertificate({
      ...days,
      ...own,
      subject: NAMES.name,
      publicKey,
      signingKey: by,
      extensions,
    });
    return { key: toRsaKeyPem(key), cert };
  };
  return { ...certificates, key, publicKey, days, issue, issueOdd };
}

const byAuthority = async (...extensions: readonly object[]): Promise<Identity> => {
  const { authority, issueOdd } = await made;
  return issueOdd({ issuer: authority.certificate, signingKey: authority.key, extensions });
};

const BAD: Readonly<Record<string, () => Promise<Identity>>> = {
  "of a foreign authority": async () => (await made).issue({}, (await made).foreignAuthority),
  "of another authority with the name of ours": async () => {
    const { issue, days } = await made;
    return issue({}, await createAuthority({ ...days, name: "Tillsync test authority" }));
  },
  "that it signed itself": async () => (await made).issueOdd({ extensions: [SERVER, LOCAL_NAME] }),
  "that has expired": async () => (await made).issue({ now: longAgo() }),
  "that is not valid yet": async () => (await made).issue({ now: new Date(Date.now() + DAY_MS) }),
  "for another name": async () => (await made).issue({ dnsNames: ["fleet.example.com"], ipAddresses: [] }),
  "for another address": async () => (await made).issue({ dnsNames: [], ipAddresses: ["192.0.2.1"] }),
  "without any name but its subject": async () => byAuthority(SERVER),
  "for signing programs": async () => byAuthority({ name: "extKeyUsage", codeSigning: true }, LOCAL_NAME),
  "for clients, in the server's name": async () => byAuthority({ name: "extKeyUsage", clientAuth: true }, LOCAL_NAME),
  "of another terminal": async () => {
    const { key, certificate } = await (await made).terminal(TUSN_B);
    return { key, cert: certificate };
  },
  "that a terminal issued": async () => {
    const { authority, days, issueOdd, deviceKey } = await made;
    const own = await issueTerminalCertificate(authority, {
      ...days,
      tusn: TUSN_B,
      publicKey: toRsaPublicKey(deviceKey),
    });
    const extensions = [SERVER, LOCAL_NAME];
    const leaf = await issueOdd({ issuer: own, signingKey: toRsaKeyPem(deviceKey), extensions });
    return { ...leaf, cert: `${leaf.cert}${own}` };
  },
  "over TLS 1.2": async () => ({ ...(await (await made).issue({})), minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }),
};

interface Met {
  readonly ready: boolean;
  readonly reason: string;
  /** Bytes that the server got to read. */
  readonly bytes: number;
}

/** What comes of one connection of an agent to a server with this identity. */
async function meet(identity: Identity): Promise<Met> {
  const { authority, terminal } = await made;
  const { key, certificate } = await terminal(TUSN_A);
  let bytes = 0;
  const onSocket = (socket: TLSSocket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      socket.destroy();
    });
  };
  const server = createServer({ ...identity, ca: authority.certificate, requestCert: true }, onSocket);
  server.on("tlsClientError", () => undefined);
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let ready = false;
  const reason = await new Promise<string>((ended) => {
    const address = { host: "127.0.0.1", port, ca: authority.certificate };
    connect(
      { ...address, tusn: TUSN_A, cert: certificate, key, startTimer },
      {
        ready: () => {
          ready = true;
        },
        receive: async () => undefined,
        ended,
      },
    );
  });
  return { ready, reason, bytes };
}

describe("row 27: an agent says nothing to a server with a certificate", () => {
  it.each(Object.keys(BAD))("%s", async (kind) => {
    const { ready, bytes } = await meet(await (BAD[kind] as () => Promise<Identity>)());
    expect({ ready, bytes }).toEqual({ ready: false, bytes: 0 });
  });

  it("but does to one with the service's own", async () => {
    expect((await meet(await (await made).issue({}))).bytes).toBeGreaterThan(0);
  });
});
