/** @file Which browser and setting would help someone whose browser hands out no GPU. */

export interface BrowserHelp {
  readonly browser: string;
  /** What to do, in order. */
  readonly steps: readonly string[];
}

/**
 * Help for the browser that calls itself `userAgent`. Sources: the implementation status page of the WebGPU working
 * group and MDN's compatibility data, August 2026.
 *
 * @param hasWebGpu whether navigator.gpu exists, so that only an adapter is missing.
 */
export function browserHelp(userAgent: string, hasWebGpu: boolean): BrowserHelp {
  const version = (pattern: RegExp): number => Number(pattern.exec(userAgent)?.[1] ?? 0);
  const linux = /Linux/.test(userAgent) && !/Android/.test(userAgent);
  const ios = /iPhone|iPad|iPod/.test(userAgent);
  const chromium = version(/(?:Chrome|Chromium)\/(\d+)/);
  const firefox = version(/Firefox\/(\d+)/);
  const safari = /Safari\//.test(userAgent) ? version(/Version\/(\d+)/) : 0;

  if (ios)
    return {
      browser: 'a browser on iOS',
      steps: [
        'Update to iOS 26 or later: every browser there uses the system’s own WebGPU, which older versions lack.',
        'Training needs more memory than a phone gives one tab; a computer serves better.',
      ],
    };
  if (firefox > 0)
    return {
      browser: `Firefox ${firefox}`,
      steps: linux
        ? [
            'Firefox on Linux keeps WebGPU behind a setting: open about:config and set dom.webgpu.enabled and dom.webgpu.workers.enabled to true.',
            'If the GPU is still refused, set gfx.webgpu.ignore-blocklist to true, then restart Firefox.',
            'Or open this page in Chrome or Chromium.',
          ]
        : [
            'Update Firefox: WebGPU came with version 141 on Windows and 145 on macOS.',
            'Or open this page in Chrome, Edge, or, on macOS 26, Safari.',
          ],
    };
  if (chromium > 0) {
    const name = /Edg\//.test(userAgent) ? 'Edge' : 'Chrome';
    const scheme = name === 'Edge' ? 'edge' : 'chrome';
    const steps: string[] = [];
    if (chromium < 113) steps.push(`Update ${name}: WebGPU came with version 113.`);
    steps.push(`Turn on “Use graphics acceleration when available” in ${scheme}://settings/system.`);
    if (linux)
      steps.push(
        `On Linux: enable ${scheme}://flags/#enable-unsafe-webgpu and ${scheme}://flags/#enable-vulkan, with a Vulkan driver installed (on Debian and Ubuntu: mesa-vulkan-drivers).`,
      );
    else if (hasWebGpu) steps.push('Update the graphics driver.');
    steps.push(`Restart ${name}; ${scheme}://gpu says under “WebGPU” whether it worked.`);
    return { browser: `${name} ${chromium}`, steps };
  }
  if (safari > 0)
    return {
      browser: `Safari ${safari}`,
      steps: [
        'Update to Safari 26 (macOS 26): earlier versions have no WebGPU by default.',
        'Or open this page in Chrome or Edge.',
      ],
    };
  return {
    browser: 'this browser',
    steps: ['Open this page in a recent Chrome, Edge, Firefox or Safari 26.'],
  };
}
