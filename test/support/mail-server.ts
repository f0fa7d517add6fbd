import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { onTestFinished } from "vitest";
import { look } from "./canary-look.ts";
import { loadCertificates } from "./certificates.ts";

export interface TestMail {
  readonly to: string;
  /** As it came, headers and text. */
  readonly raw: string;
}

/** A mail server that nobody here wrote, on a socket of this machine; closed when the test has finished. */
export interface MailServer {
  readonly port: number;
  readonly mails: readonly TestMail[];
  /** Refuses that many mails before it takes one. */
  refuse(times: number): void;
  /** Called with each mail that is taken, before it is answered. */
  onMail(): void;
}

export async function openMailServer({ user, pass }: { user: string; pass: string }): Promise<MailServer> {
  const { server: identity } = await loadCertificates();
  const mails: TestMail[] = [];
  let refusals = 0;
  const opened: MailServer = {
    ...{ port: 0, mails, onMail: () => undefined },
    refuse: (times) => {
      refusals = times;
    },
  };
  const server = new SMTPServer({
    ...{ key: identity.key, cert: identity.certificate, authOptional: false, logger: false },
    onAuth: (auth, _session, done) => {
      const isRight = auth.username === user && auth.password === pass;
      done(isRight ? null : new Error("no"), { user });
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        refusals -= 1;
        if (refusals >= 0) return done(Object.assign(new Error("later"), { responseCode: 451 }));
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        const raw = Buffer.concat(chunks).toString("utf8");
        look("a mail", raw);
        mails.push({ to, raw });
        opened.onMail();
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return Object.assign(opened, {
    port: (server.server.address() as AddressInfo).port,
  });
}
