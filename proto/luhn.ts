/** Check digit of ISO/IEC 7812-1 annex B (Luhn) over the digits before it. It tells every change of one digit. */
export function toLuhn(digits: string): string {
  let sum = 0;
  // The digit next to the check digit is doubled, so the parity counts from the right.
  let doubled = digits.length % 2 === 1;
  for (const character of digits) {
    const value = Number(character) * (doubled ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
    doubled = !doubled;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Whether the last digit is the check digit of those before it. */
export function isLuhn(digits: string): boolean {
  return toLuhn(digits.slice(0, -1)) === digits.slice(-1);
}
