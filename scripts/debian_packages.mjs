/**
 * @file Installs what is missing on Debian and Ubuntu, as root, from the sources the machine already has.
 * Elsewhere the callers print one line that says what to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Where apt looks for its sources. */
const SOURCES = '/etc/apt/sources.list';
const SOURCE_PARTS = '/etc/apt/sources.list.d';
const BACKPORTS_FILE = `${SOURCE_PARTS}/tabtune-backports.sources`;

/** The fields of an os-release file: `{ID: 'debian', VERSION_CODENAME: 'bookworm', …}`. */
export function parseOsRelease(text) {
  const fields = {};
  for (const m of text.matchAll(/^(\w+)=(?:"([^"]*)"|(.*))$/gm)) fields[m[1]] = m[2] ?? m[3];
  return fields;
}

/** This machine's Debian or Ubuntu, or undefined elsewhere. */
export function debianRelease() {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release') || !existsSync('/usr/bin/apt-get'))
    return undefined;
  const fields = parseOsRelease(readFileSync('/etc/os-release', 'utf8'));
  const family = [fields.ID, ...(fields.ID_LIKE ?? '').split(' ')];
  if (!family.includes('debian') && !family.includes('ubuntu')) return undefined;
  return { id: fields.ID, codename: fields.VERSION_CODENAME ?? '' };
}

/** Whether packages can be installed without asking anyone. */
export function canInstall() {
  return debianRelease() !== undefined && process.getuid?.() === 0;
}

/**
 * The enabled sources in apt's two formats, as `{uri, suites, signedBy, trusted}`; `text` is the content of one file,
 * `deb822` whether its name ends in .sources (see sources.list(5)).
 */
export function parseSources(text, deb822) {
  if (!deb822) {
    const sources = [];
    for (const line of text.split('\n')) {
      const m = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line);
      if (!m) continue;
      const options = Object.fromEntries((m[1] ?? '').split(/\s+/).map((o) => o.split('=')));
      sources.push({ uri: m[2], suites: [m[3]], signedBy: options['signed-by'], trusted: options.trusted });
    }
    return sources;
  }
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = {};
    const lines = stanza.split('\n').filter((line) => !line.startsWith('#'));
    // A line that begins with a space continues the field above (an inline key, for one).
    for (const m of lines.join('\n').matchAll(/^([\w-]+):[ \t]*((?:.*)(?:\n[ \t].*)*)/gm))
      fields[m[1].toLowerCase()] = m[2].trimEnd();
    if (!fields.types?.split(/\s+/).includes('deb') || /^(no|false)$/i.test(fields.enabled ?? '')) return [];
    return (fields.uris ?? '').split(/\s+/).map((uri) => ({
      uri,
      suites: (fields.suites ?? '').split(/\s+/),
      signedBy: fields['signed-by'],
      trusted: fields.trusted,
    }));
  });
}

/**
 * The text of a .sources file for `<codename>-backports`, on the mirror that serves `<codename>` itself. Empty when
 * backports are there already, undefined when no source serves the release.
 */
export function backportsSource(sources, codename) {
  const suite = `${codename}-backports`;
  if (sources.some((source) => source.suites.includes(suite))) return '';
  const main = sources.find((source) => source.suites.includes(codename));
  if (!main) return undefined;
  const lines = ['Types: deb', `URIs: ${main.uri}`, `Suites: ${suite}`, 'Components: main'];
  if (main.signedBy) lines.push(`Signed-By: ${main.signedBy}`);
  if (main.trusted) lines.push(`Trusted: ${main.trusted}`);
  return `${lines.join('\n')}\n`;
}

function machineSources() {
  const files = existsSync(SOURCES) ? [SOURCES] : [];
  if (existsSync(SOURCE_PARTS))
    for (const name of readdirSync(SOURCE_PARTS).sort())
      if (/\.(list|sources)$/.test(name)) files.push(`${SOURCE_PARTS}/${name}`);
  return files.flatMap((file) => parseSources(readFileSync(file, 'utf8'), file.endsWith('.sources')));
}

/** Whether `apt-get update` was run with the sources as they are now. */
let updated = false;

function apt(args, log) {
  const run = spawnSync(
    'apt-get',
    ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', '-q', ...args],
    {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  );
  if (run.status === 0) return true;
  log(
    `apt-get ${args.join(' ')} failed:\n${`${run.stdout ?? ''}${run.stderr ?? ''}`.trim().split('\n').slice(-5).join('\n')}`,
  );
  return false;
}

/**
 * Installs packages with apt-get; only for machines where canInstall() holds. With `backports` they come from
 * `<codename>-backports`, which is added to apt's sources when it is not there.
 * @returns whether all of them are installed now
 */
export function installPackages(packages, log, { backports = false } = {}) {
  const { codename } = debianRelease();
  if (backports) {
    const source = backportsSource(machineSources(), codename);
    if (source === undefined) {
      log(`No apt source serves ${codename}; ${codename}-backports cannot be added.`);
      return false;
    }
    if (source !== '') {
      log(`Adding ${codename}-backports (${BACKPORTS_FILE}).`);
      writeFileSync(BACKPORTS_FILE, source);
      updated = false;
    }
  }
  log(`Installing ${packages.join(', ')}.`);
  if (!updated) updated = apt(['update'], log);
  const target = backports ? ['-t', `${codename}-backports`] : [];
  return apt(['install', '-y', '--no-install-recommends', ...target, ...packages], log);
}
