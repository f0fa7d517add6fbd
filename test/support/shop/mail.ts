import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import type { KeyAndCertificate } from "../../../certs/x509/authority.ts";
import type { TestMail } from "../mail-server.ts";

const ACCOUNT = { user: "tillsync", pass: "four tills and a stool" };
/** Whom a shop's service tells beside the merchant's contacts. */
export const SALES = "sales@operator.example";
export const FINANCE = "finance@operator.example";

/** A mail server that nobody here wrote, on a socket of this machine, for as long as the shop is open. */
export interface ShopMail {
  readonly port: number;
  readonly mails: readonly TestMail[];
  close(): Promise<void>;
}

export async function openShopMail({ key, certificate }: KeyAndCertificate): Promise<ShopMail> {
  const mails: TestMail[] = [];
  const server = new SMTPServer({
    ...{ key, cert: certificate, authOptional: false, logger: false },
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === ACCOUNT.user && password === ACCOUNT.pass;
      done(isRight ? null : new Error("no"), { user: ACCOUNT.user });
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        mails.push({ to, raw: Buffer.concat(chunks).toString("utf8") });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** `notices.json` of a data folder, with all that it names: mail to that server, under the folder's own authority. */
export function writeNotices(data: string, port: number): void {
  const { user, pass } = ACCOUNT;
  writeFileSync(join(data, "mail.password"), `${pass}\n`, { mode: 0o600 });
  const smtp = {
    ...{ host: "127.0.0.1", port, secure: false, from: "tillsync@operator.example" },
    ...{ user, passwordFile: "mail.password", caFile: join("ca", "ca.pem") },
  };
  writeFileSync(
    join(data, "notices.json"),
    JSON.stringify({ language: "zh", smtp, sales: [SALES], finance: [FINANCE], contacts: true }),
  );
}

/** The text of a mail, decoded. */
export function toMailText({ raw }: TestMail): string {
  const [head = "", ...parts] = raw.split("\r\n\r\n");
  const body = parts.join("\r\n\r\n");
  const isBase64 = /^content-transfer-encoding: base64/im.test(head);
  return isBase64 ? Buffer.from(body, "base64").toString("utf8") : fromQuotedPrintable(body);
}

function fromQuotedPrintable(text: string): string {
  const plain = text.replace(/=\r\n/g, "");
  const bytes = plain.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
