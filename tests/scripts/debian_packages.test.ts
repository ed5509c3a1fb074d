/** @file Reading apt's sources, so that backports come from the mirror the machine already uses. */
import { describe, expect, it } from 'vitest';
import { backportsSource, parseOsRelease, parseSources } from '../../scripts/debian_packages.mjs';

const DEB822 = `# A comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
# URIs: http://commented.example/debian
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm-backports

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm-backports
`;

const ONE_LINE = `# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib
deb http://security.example/debian-security bookworm-security main
deb-src http://source.example/debian bookworm-backports main
`;

describe('apt sources', () => {
  it('are read in the deb822 format', () => {
    const sources = parseSources(DEB822, true);
    expect(sources.map(({ uri, suites }) => [uri, suites])).toEqual([
      ['http://mirror.example/debian', ['bookworm', 'bookworm-updates']],
      ['http://security.example/debian-security', ['bookworm-security']],
    ]);
    expect(sources[1]?.signedBy).toBe('\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc');
  });

  it('are read in the one-line format', () => {
    expect(parseSources(ONE_LINE, false)).toEqual([
      { uri: 'http://mirror.example/debian', suites: ['bookworm'], signedBy: '/k.gpg', trusted: undefined },
      {
        uri: 'http://security.example/debian-security',
        suites: ['bookworm-security'],
        signedBy: undefined,
        trusted: undefined,
      },
    ]);
  });
});

describe('backports', () => {
  it('come from the mirror of the release, with its key', () => {
    expect(backportsSource(parseSources(DEB822, true), 'bookworm')).toBe(
      'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/archive.gpg\n',
    );
  });

  it('are not added twice', () => {
    const present = parseSources('deb http://mirror.example/debian bookworm-backports main\n', false);
    expect(backportsSource([...parseSources(ONE_LINE, false), ...present], 'bookworm')).toBe('');
    // What was written is understood when it is read again.
    const written = backportsSource(parseSources(ONE_LINE, false), 'bookworm') ?? '';
    expect(backportsSource(parseSources(written, true), 'bookworm')).toBe('');
  });

  it('are not made up where no mirror serves the release', () => {
    expect(backportsSource(parseSources(ONE_LINE, false), 'trixie')).toBeUndefined();
  });
});

it('os-release is read with and without quotes', () => {
  expect(
    parseOsRelease('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\n'),
  ).toEqual({
    ID: 'debian',
    PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)',
    VERSION_CODENAME: 'bookworm',
  });
});
