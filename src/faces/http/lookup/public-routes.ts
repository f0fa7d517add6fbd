import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { TillsyncError } from "../../../../proto/errors.ts";
import { MAX_EXPLAINED_CHARACTERS } from "../../../../proto/tusn-slips.ts";
import { checkNumbers } from "../../../app/attestation/checks.ts";
import type { Context } from "../../../app/context.ts";
import { createRateLimit, toAddressName } from "../rate-limit.ts";
import { HTML_TYPE, PAGE_POLICY } from "./html.ts";
import { MAX_FORM_BYTES, PUBLIC_RATE, PUBLIC_RATE_IN_ALL } from "./limits.ts";
import { type PublicResult, toBusyPage, toPublicPage, toPublicResult } from "./public-page.ts";

const ALL = "all";
const TOO_MANY = 429;

interface ByNumber {
  readonly Params: { readonly number: string };
}

/** Where a merchant asks whether his machine is genuine. No key, no cookie, and nothing kept of what was asked. */
export function addPublicRoutes(app: FastifyInstance, context: Context): void {
  const perAddress = createRateLimit(PUBLIC_RATE, context.now);
  const inAll = createRateLimit(PUBLIC_RATE_IN_ALL, context.now);

  /** The address first: who asks too often takes nothing of what all have together. @throws TillsyncError RATE_LIMITED */
  const spend = ({ ip }: FastifyRequest): void => {
    perAddress.take(toAddressName(ip));
    inAll.take(ALL);
  };
  const ask = async (number: string): Promise<PublicResult> => {
    const [check] = await checkNumbers(context, [number]);
    if (check === undefined) throw new TillsyncError("INTERNAL");
    return toPublicResult(check, number);
  };
  const sendPage = (reply: FastifyReply, page: string) =>
    reply.headers({ "content-security-policy": PAGE_POLICY }).type(HTML_TYPE).send(page);
  const answerPage = async (request: FastifyRequest, reply: FastifyReply, number: string) => {
    try {
      spend(request);
    } catch (error) {
      if (!(error instanceof TillsyncError) || error.code !== "RATE_LIMITED") throw error;
      return sendPage(reply.code(TOO_MANY).header("retry-after", String(error.fields["seconds"])), toBusyPage());
    }
    return sendPage(reply, toPublicPage(await ask(number)));
  };

  app.get("/", async (_request, reply) => sendPage(reply, toPublicPage()));

  app.get("/genuine", async (request, reply) => {
    const { number } = request.query as Readonly<Record<string, unknown>>;
    return number === undefined ? sendPage(reply, toPublicPage()) : answerPage(request, reply, toOne(number));
  });

  // What is typed comes in a body, so that it stands in no log of a proxy and in no history of a browser.
  app.post("/genuine", { bodyLimit: MAX_FORM_BYTES }, async (request, reply) =>
    answerPage(request, reply, toOne(new URLSearchParams(String(request.body ?? "")).getAll("number"))),
  );

  app.get<ByNumber>("/genuine/v1/:number", async (request, reply) => {
    spend(request);
    return reply.send(await ask(toOne(request.params.number)));
  });
}

/** The one number that was given. @throws TillsyncError FIELD_INVALID, which repeats nothing of it */
function toOne(value: unknown): string {
  const [text, ...others] = [value].flat();
  if (typeof text !== "string" || others.length > 0 || text.length > MAX_EXPLAINED_CHARACTERS) {
    throw new TillsyncError("FIELD_INVALID", { field: "number" });
  }
  return text;
}
