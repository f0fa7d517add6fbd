import { type StartTimer, startTimer } from "../../../../broker/guard/timer.ts";
import type { Accounts } from "../../../app/accounts/accounts.ts";
import { openAttachments } from "../../../app/changes/attachments.ts";
import type { ChangeTools } from "../../../app/changes/submit.ts";
import type { Context } from "../../../app/context.ts";
import { type HttpFace, openHttpFace } from "../app.ts";
import type { ServerOptions } from "../server.ts";
import { type ApiWork, addEndpoints } from "./add-endpoints.ts";
import { answerCall } from "./answer.ts";
import { describeOnce } from "./describe.ts";
import type { Acquiring, Endpoint, Services } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { openGate } from "./gate.ts";
import {
  MAX_JSON_BYTES,
  MAX_LARGE,
  MAX_LARGE_OF_ONE,
  MAX_OUTSIDE,
  MAX_OUTSIDE_OF_ONE,
  MAX_SOCKETS_PER_ADDRESS,
  RATES,
  type Rates,
  REQUEST_MS,
} from "./limits.ts";
import { AJV } from "./openapi.ts";
import { createPlaces } from "./places.ts";
import { openStreams } from "./streams.ts";

export interface ApiServerOptions extends Context, ServerOptions {
  readonly accounts: Accounts;
  readonly tools: ChangeTools;
  readonly acquiring: Acquiring;
  /** The data folder, for evidence. */
  readonly dataFolder: string;
  /** Reads the font of documents to print. @throws TillsyncError CONFIG_INVALID */
  font(): Uint8Array;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What is to be other than RATES. */
  readonly rates?: Partial<Rates>;
  readonly startTimer?: StartTimer;
}

/**
 * Opens the API for operators, agents and their programs: the same application services as the command line, for whoever
 * shows a session or an API key as a bearer. It reads no cookie, so that no other page can ask as somebody.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openApiServer(options: ApiServerOptions): Promise<HttpFace> {
  const { accounts, tools, acquiring, dataFolder, font, store, now, randomBytes, log, identity } = options;
  const context: Context = { store, now, randomBytes, log, identity };
  const attachments = openAttachments(context, dataFolder);
  const services: Services = {
    ...{ context, accounts, tools, attachments, acquiring, dataFolder, font },
    describe: describeOnce(),
  };
  const streams = openStreams(context, options.startTimer ?? startTimer);
  const gate = openGate(services, { ...RATES, ...options.rates });
  const large = createPlaces({ inAll: MAX_LARGE, ofOne: MAX_LARGE_OF_ONE });
  const outside = createPlaces({ inAll: MAX_OUTSIDE, ofOne: MAX_OUTSIDE_OF_ONE });
  const work: ApiWork = {
    enter: async (row, request, reply) => {
      request.apiBearer = await gate.enter(request, row);
      if (isLarge(row)) large.enter(request.actor?.name ?? "", reply.raw);
    },
    answer: (row, request, reply) => {
      const answer = () => answerCall(row, { services, streams }, request, reply);
      // A question is under way until it is answered, whether its client is still there or not.
      return row.asksOutside === true ? outside.during(request.actor?.name ?? "", answer) : answer();
    },
  };
  const bounds = { requestMs: REQUEST_MS, socketsPerAddress: MAX_SOCKETS_PER_ADDRESS };
  const http = { ...bounds, ...options, ajv: AJV, challenge: 'Bearer realm="tillsync"' };
  const face = await openHttpFace(http, (app) => {
    void app.register(async (api) => addEndpoints(api, ENDPOINTS, work));
  });
  return {
    port: face.port,
    close: async () => {
      await streams.close();
      await face.close();
    },
  };
}

function isLarge({ bytes, maxBytes = MAX_JSON_BYTES, sends }: Endpoint): boolean {
  return sends === "file" || (bytes?.maxBytes ?? maxBytes) > MAX_JSON_BYTES;
}
