// A simulated acquirer that settles as a process of its own: `main CONFIG` (a file with what control.ts describes, JSON).
import { readFileSync } from "node:fs";
import { runSimulator } from "../simulator.ts";
import { type AcquirerConfig, openAcquirer } from "./control.ts";

await runSimulator(() => openAcquirer(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as AcquirerConfig));
