/**
 * Where a UTF-8 text stands: 0 between characters, otherwise how many bytes the character still wants and between which two bytes the next must lie
 * (`wanted << 16 | low << 8 | high`). −1: it is none.
 */
export type Utf8State = number;

const wants = (bytes: number, low: number, high: number): Utf8State => (bytes << 16) | (low << 8) | high;

/** What a character's first byte leads to: Table 3-7 of the Unicode Standard, "Well-Formed UTF-8 Byte Sequences". */
function afterFirst(byte: number): Utf8State {
  if (byte < 0x80) return 0;
  if (byte < 0xc2 || byte > 0xf4) return -1;
  if (byte < 0xe0) return wants(1, 0x80, 0xbf);
  if (byte < 0xf0) return wants(2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf);
  return wants(3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf);
}

/** Where a text stands after more bytes. */
export function utf8After(state: Utf8State, bytes: Uint8Array): Utf8State {
  let now = state;
  for (const byte of bytes) {
    if (now < 0) return -1;
    if (now === 0) now = afterFirst(byte);
    else if (byte < ((now >> 8) & 0xff) || byte > (now & 0xff)) return -1;
    else now = now >> 16 === 1 ? 0 : wants((now >> 16) - 1, 0x80, 0xbf);
  }
  return now;
}
