import type { ErrorFields } from "../../proto/errors.ts";

/** One constant text per event; fields never hold what a client chose, but its verified TUSN. */
export type Log = (event: string, fields: ErrorFields) => void;
