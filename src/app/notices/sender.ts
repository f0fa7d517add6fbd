import type { StoredNotice } from "../../store/notices.ts";

/**
 * A way of delivering notices. May deliver one twice: what is sent names the notice, so that its receiver can tell. Resolves
 * when the other side has taken it.
 *
 * @throws TillsyncError NOTICE_FAILED, within a bound of its own
 */
export type SendNotice = (notice: StoredNotice) => Promise<void>;
