/** A line of JSON without secrets: one that is a number, such as a port, would leave text behind that nobody can parse. */

/** `json` as `redact` has it, and JSON still. */
export function redactLine(json: string, redact: (text: string) => string): string {
  const redacted = redact(json);
  if (redacted === json || isJson(redacted)) return redacted;
  const hidden = (_: string, value: unknown) => {
    const isBare = typeof value === 'number' || typeof value === 'boolean' || value === null;
    return isBare && redact(String(value)) !== String(value) ? '***' : value;
  };
  return redact(JSON.stringify(JSON.parse(json), hidden));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
