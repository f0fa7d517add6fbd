import { cpSync } from "node:fs";
import { join } from "node:path";

// Run from the package root after tsc: the sample fleet lies beside the compiled simulators, as it does beside their source.
cpSync(join("sim", "data"), join("dist", "sim", "data"), { recursive: true });
