import { Type } from "typebox";
import { toUtf8 } from "../../../../../proto/bytes.ts";
import { showBin } from "../../../../app/queries/bins.ts";
import { loadBins } from "../../../../app/records/load-bins.ts";
import { parseAct } from "../../../../app/registry/act.ts";
import { CARD_CLASSES } from "../../../../domain/records/bins.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { MAX_BIN_FILE_BYTES } from "../limits.ts";
import { Digest, Members, OneOf, Reason, Text, Whole } from "../schemas.ts";

const group = "policies";

export const BIN_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ method: "GET", path: "/bins/{digits}", right: "policies.read", reach: "whole", group, status: 200 },
    summary: "What the tables say of cards that begin with these digits: 6 or 8, never more",
    params: Members({ digits: Type.String({ pattern: "^[0-9]{6}([0-9]{2})?$" }) }),
    answer: Members({
      digits: Text,
      cardClass: OneOf([...CARD_CLASSES, "mixed", "unknown"]),
      rows: Type.Array(
        Members({ bin: Text, issuer: Text, cardClass: OneOf(CARD_CLASSES), table: OneOf(["own", "built-in"]) }),
      ),
      own: Whole,
    }),
    handle: ({ context }, { params }) => showBin(context.store, params.digits),
  }),
  endpoint({
    ...{ method: "POST", path: "/bins", right: "policies.write", reach: "whole", group, status: 201, changes: true },
    summary: "Put a CSV file (columns bin, issuer, class) in the place of your own table, which comes first",
    body: Members({ reason: Reason, table: Type.String({ description: "The file, whole" }) }),
    ...{ maxBytes: MAX_BIN_FILE_BYTES, answer: Members({ bins: Whole, digest: Digest }) },
    handle: ({ context }, { actor, body }) =>
      loadBins(context, toChunks(toUtf8(body.table)), parseAct(body.reason, actor.name)),
  }),
];

async function* toChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
