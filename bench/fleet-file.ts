import { toMod1110 } from "../proto/identifiers/iso7064.ts";
import { toLuhn } from "../proto/luhn.ts";
import type { FleetFormat } from "../src/app/import/read-rows.ts";
import { FLEET_COLUMNS, type FleetFields } from "../src/domain/fleet-columns.ts";
import { toOrganisationCheck } from "../src/domain/identifiers/organisation-code.ts";
import { toUsccCheck } from "../src/domain/identifiers/uscc.ts";

const ROWS_AT_A_TIME = 500;
const TERMINALS_OF_A_MERCHANT = 2;
/** Every so manieth row is old stock. */
const LEGACY_EVERY = 20;
/** Odd, so that consecutive rows are far apart in every index, as in a file that nobody sorted. */
const STRIDE = 7_368_787;
const RANGE = 100_000_000;

/** A fleet file of `count` rows, two of each merchant, made as it is read; the same bytes on every call. */
export async function* toFleetBytes(count: number, format: FleetFormat): AsyncGenerator<Uint8Array> {
  if (format === "csv") yield Buffer.from(`${FLEET_COLUMNS.join(",")}\n`);
  for (let start = 0; start < count; start += ROWS_AT_A_TIME) {
    const length = Math.min(ROWS_AT_A_TIME, count - start);
    yield Buffer.from(Array.from({ length }, (_, index) => toLine(toFields(start + index), format)).join(""));
  }
}

function toLine(fields: FleetFields, format: FleetFormat): string {
  if (format === "jsonl") return `${JSON.stringify(fields)}\n`;
  return `${FLEET_COLUMNS.map((column) => fields[column]).join(",")}\n`;
}

function toFields(n: number): FleetFields {
  const scattered = toDigits((n * STRIDE) % RANGE, 8);
  const merchant = Math.floor(n / TERMINALS_OF_A_MERCHANT);
  const uscc = toUscc(merchant);
  const card = `622848${toDigits(merchant, 12)}`;
  const isLegacy = n % LEGACY_EVERY === LEGACY_EVERY - 1;
  return {
    tusn: isLegacy ? `SX-${scattered}` : `00000304N7NL${scattered}`,
    maker: isLegacy ? "" : "000003",
    model: "N7",
    certificate_no: "P3100",
    place: `福建省福州市鼓楼区东大街${merchant}号`,
    terminal_no: scattered,
    acquirer: "48220000",
    merchant_no: `8223910${toDigits((merchant * STRIDE) % RANGE, 8)}`,
    merchant_name: `福州闽江春茶文化第${merchant}分店`,
    short_name: `春茶${merchant}店`,
    licence_no: uscc,
    tax_no: uscc,
    uscc,
    mcc: "5812",
    settlement_kind: "card",
    bank: "中国农业银行福州鼓楼支行",
    cnaps: toCnaps(merchant),
    holder: "林秀英",
    account_no: card + toLuhn(card),
  };
}

function toUscc(n: number): string {
  const body = `MA${toDigits(n, 6)}`;
  const head = `91350100${body}${toOrganisationCheck(body)}`;
  return head + toUsccCheck(head);
}

function toCnaps(n: number): string {
  const body = `1031000${toDigits(n % 10_000, 4)}`;
  return body + toMod1110(body);
}

function toDigits(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
