export interface AptSource {
  uri: string;
  suites: string[];
  signedBy: string | undefined;
  trusted: string | undefined;
}
export function parseOsRelease(text: string): Record<string, string>;
export function parseSources(text: string, deb822: boolean): AptSource[];
export function backportsSource(sources: readonly AptSource[], codename: string): string | undefined;
