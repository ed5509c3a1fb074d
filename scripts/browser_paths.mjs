/** @file Where Chrome, Chromium or Edge, and Firefox are on this machine; on Debian they can be installed. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { canInstall, debianRelease, installPackages } from './debian_packages.mjs';

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first of `names` on PATH. */
function onPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const name of names)
    for (const folder of folders) if (isExecutable(join(folder, name))) return join(folder, name);
  return undefined;
}

/** Folders under which Windows installs programs. */
function programFolders() {
  const { PROGRAMFILES, 'PROGRAMFILES(X86)': x86, LOCALAPPDATA } = process.env;
  return [PROGRAMFILES, x86, LOCALAPPDATA].filter((folder) => folder !== undefined);
}

/** Builds that `npx playwright install chromium` put into Playwright's cache, newest first. */
function playwrightBuilds() {
  const cache =
    process.env.PLAYWRIGHT_BROWSERS_PATH ??
    {
      darwin: join(homedir(), 'Library/Caches/ms-playwright'),
      win32: join(process.env.LOCALAPPDATA ?? '', 'ms-playwright'),
    }[process.platform] ??
    join(homedir(), '.cache/ms-playwright');
  if (!existsSync(cache)) return [];
  const builds = readdirSync(cache).filter((name) => /^chromium-\d+$/.test(name));
  builds.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
  const places = [
    'chrome-linux64/chrome',
    'chrome-linux/chrome',
    'chrome-win64/chrome.exe',
    'chrome-win/chrome.exe',
  ];
  const apps = [
    'Chromium.app/Contents/MacOS/Chromium',
    'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  ];
  for (const app of apps)
    places.push(`chrome-mac/${app}`, `chrome-mac-arm64/${app}`, `chrome-mac-x64/${app}`);
  return builds.flatMap((build) => places.map((place) => join(cache, build, place)));
}

/** A value of an environment variable that must name an existing program. */
function fromEnvironment(variable) {
  const file = process.env[variable];
  if (!file) return undefined;
  if (!isExecutable(file)) throw new Error(`${variable} is ${file}, which is no program that can be run.`);
  return file;
}

/** Path of Chrome, Chromium or Edge: CHROME_PATH, else the usual places; undefined when there is none. */
export function findChromium() {
  const given = fromEnvironment('CHROME_PATH');
  if (given) return given;
  const places = {
    linux: ['/opt/google/chrome/chrome', '/opt/microsoft/msedge/msedge', '/snap/bin/chromium'],
    darwin: ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    ),
    win32: programFolders().flatMap((folder) =>
      [
        'Google/Chrome/Application/chrome.exe',
        'Chromium/Application/chrome.exe',
        'Microsoft/Edge/Application/msedge.exe',
      ].map((path) => join(folder, path)),
    ),
  }[process.platform];
  return (
    onPath([
      'chromium',
      'google-chrome-stable',
      'google-chrome',
      'chromium-browser',
      'microsoft-edge-stable',
      'microsoft-edge',
    ]) ?? [...(places ?? []), ...playwrightBuilds()].find(isExecutable)
  );
}

/** Path of Firefox: FIREFOX_PATH, else the usual places; undefined when there is none. */
export function findFirefox() {
  const given = fromEnvironment('FIREFOX_PATH');
  if (given) return given;
  const places = {
    linux: [
      '/usr/lib/firefox-esr/firefox-esr',
      '/usr/lib/firefox/firefox',
      '/opt/firefox/firefox',
      '/snap/bin/firefox',
    ],
    darwin: [
      '/Applications/Firefox.app/Contents/MacOS/firefox',
      '/Applications/Firefox Developer Edition.app/Contents/MacOS/firefox',
    ],
    win32: programFolders().map((folder) => join(folder, 'Mozilla Firefox/firefox.exe')),
  }[process.platform];
  return onPath(['firefox', 'firefox-esr']) ?? places?.find(isExecutable);
}

/**
 * Finds both browsers, on Debian as root installing those that are missing (Ubuntu packages them as snaps, which do
 * not run everywhere: there, as on other systems, a line says what to install).
 */
export function findBrowsers(log) {
  let chromium = findChromium();
  let firefox = findFirefox();
  if (canInstall() && debianRelease().id === 'debian') {
    const missing = [...(chromium ? [] : ['chromium']), ...(firefox ? [] : ['firefox-esr'])];
    if (missing.length > 0 && installPackages(missing, log)) {
      chromium ??= findChromium();
      firefox ??= findFirefox();
    }
  }
  if (!chromium)
    log(
      'There is no Chrome, Chromium or Edge: install one or set CHROME_PATH (`npx playwright install chromium` will do).',
    );
  if (!firefox) log('There is no Firefox: install it or set FIREFOX_PATH.');
  return { chromium, firefox };
}
