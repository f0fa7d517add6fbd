import { describeApi } from "./describe.ts";

// `npm run openapi` writes docs/openapi.json by this.
process.stdout.write(`${JSON.stringify(await describeApi(), null, 2)}\n`);
