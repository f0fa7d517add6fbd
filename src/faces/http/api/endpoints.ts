import type { Endpoint } from "./endpoint.ts";
import { ACCOUNT_ENDPOINTS } from "./endpoints/accounts.ts";
import { ACQUIRER_ENDPOINTS } from "./endpoints/acquirers.ts";
import { BIN_ENDPOINTS } from "./endpoints/bins.ts";
import { CHANGE_ENDPOINTS } from "./endpoints/changes.ts";
import { DESCRIPTION_ENDPOINTS } from "./endpoints/description.ts";
import { LEDGER_ENDPOINTS } from "./endpoints/ledger.ts";
import { MERCHANT_ENDPOINTS } from "./endpoints/merchants.ts";
import { NOTICE_ENDPOINTS } from "./endpoints/notices.ts";
import { ORDER_ENDPOINTS } from "./endpoints/orders.ts";
import { POLICY_ENDPOINTS } from "./endpoints/policies.ts";
import { RECEIPT_ENDPOINTS } from "./endpoints/receipts.ts";
import { RELEASE_ENDPOINTS } from "./endpoints/releases.ts";
import { REVIEW_ENDPOINTS } from "./endpoints/reviews.ts";
import { SESSION_ENDPOINTS } from "./endpoints/sessions.ts";
import { TERMINAL_ENDPOINTS } from "./endpoints/terminals.ts";

/**
 * The one table of the API: no route is added but from a row here, and every row names the right that it takes. The
 * description in docs/openapi.json is made of the same rows.
 */
export const ENDPOINTS: readonly Endpoint[] = [
  ...SESSION_ENDPOINTS,
  ...TERMINAL_ENDPOINTS,
  ...MERCHANT_ENDPOINTS,
  ...CHANGE_ENDPOINTS,
  ...RECEIPT_ENDPOINTS,
  ...ACQUIRER_ENDPOINTS,
  ...ORDER_ENDPOINTS,
  ...NOTICE_ENDPOINTS,
  ...POLICY_ENDPOINTS,
  ...BIN_ENDPOINTS,
  ...RELEASE_ENDPOINTS,
  ...REVIEW_ENDPOINTS,
  ...LEDGER_ENDPOINTS,
  ...ACCOUNT_ENDPOINTS,
  ...DESCRIPTION_ENDPOINTS,
];
