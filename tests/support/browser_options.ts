/** @file How tests start browsers: WebGPU on a software adapter, and no traffic of the browser's own. */

/** Chromium on SwiftShader (since Chrome 144 it must be asked for) without shader-f16, subgroups of 4. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--headless=new',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Firefox on the Vulkan driver of the machine: another implementation (wgpu) with another shader compiler (Naga). */
export const FIREFOX_PREFERENCES = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  // A software adapter is slow: no "this page is slowing down" in the middle of a test.
  'dom.max_script_run_time': 0,
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
};

/** Path of Chrome, Chromium or Edge, as scripts/with_gpu.mjs --browsers found it. */
export function chromePath(): string {
  return required('CHROME_PATH', 'Chrome, Chromium or Edge');
}

/** Path of Firefox, as scripts/with_gpu.mjs --browsers found it. */
export function firefoxPath(): string {
  return required('FIREFOX_PATH', 'Firefox');
}

function required(variable: string, browser: string): string {
  const path = process.env[variable];
  if (!path)
    throw new Error(
      `${variable} is not set: start tests with \`npm test\`, or set it to the path of ${browser}.`,
    );
  return path;
}
