/** @file Addresses of endpoints, as users give them. */
import { InputError } from '../../formats/input_error.ts';

export const OPENAI_ADDRESS = 'https://api.openai.com/v1';

/**
 * An address that may stand in files of results: without name, password or key, and without a slash at its end.
 * @param place where it was given, for messages
 * @throws InputError for anything but the address of a host and a path
 */
export function endpointAddress(text: string, place: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InputError(place, `is ${text}.`, 'Give an address such as http://127.0.0.1:8080/v1.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new InputError(
      place,
      'has more in it than host and path.',
      'Give the plain address; the key is given by itself.',
    );
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new InputError(place, `is ${text}.`, 'Give an address that begins with http:// or https://.');
  return url.href.replace(/\/+$/, '');
}
