/** What an agent is told of a server's refusal that names pages for its user to visit first: their addresses. */
import { rpcDataOf } from '../bridge/server-errors.ts';
import { isObject } from '../stdx/json.ts';
import { quote } from './third-party-text.ts';

const URL_ELICITATION_REQUIRED = -32042;
const PAGES_MAX = 3;
const MESSAGE_CHARS_MAX = 200;
/** One that is cut off leads nowhere. */
const ADDRESS_CHARS_MAX = 2_000;

/** A hint; undefined for any other failure, and for one without an address of the web. */
export function pagesToVisit(error: unknown): string | undefined {
  const data = rpcDataOf(error, URL_ELICITATION_REQUIRED);
  const wanted = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations.slice(0, PAGES_MAX) : [];
  const pages = wanted.map(pageOf).filter((page) => page !== undefined);
  if (pages.length === 0) return undefined;
  return `ask the user to open ${pages.join(' and ')} in a browser, and call again when that is done`;
}

function pageOf(page: unknown): string | undefined {
  const { url, message } = isObject(page) ? page : {};
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  // Written anew, an address has nothing but what stands in addresses.
  const isOfTheWeb = address?.protocol === 'https:' || address?.protocol === 'http:';
  if (!address || !isOfTheWeb || address.href.length > ADDRESS_CHARS_MAX) return undefined;
  return typeof message === 'string' ? `${address.href} (${quote(message, MESSAGE_CHARS_MAX)})` : address.href;
}
