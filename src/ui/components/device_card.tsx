/** @file What the page runs on, as the worker found it. */
import type { JSX } from 'preact';
import type { DeviceReport, ProbeResult } from '../../workers/protocol.ts';
import { browserHelp } from '../browser_help.ts';
import { formatBytes } from '../format.ts';

export function DeviceCard({ probe }: { probe: ProbeResult | null }): JSX.Element {
  return (
    <section class="sheet device" aria-labelledby="device-title" aria-busy={probe === null}>
      <div class="device-head">
        <h2 id="device-title">Your device</h2>
        <Status probe={probe} />
      </div>
      {probe === null ? (
        <p class="soft">Asking the browser for a GPU.</p>
      ) : probe.ok ? (
        <Adapter device={probe.device} />
      ) : probe.failure.kind === 'no-webgpu' || probe.failure.kind === 'no-adapter' ? (
        <Missing
          problem={probe.failure.problem}
          cure={probe.failure.cure}
          hasWebGpu={probe.failure.kind === 'no-adapter'}
        />
      ) : (
        <>
          <p>{probe.failure.problem}</p>
          <p>{probe.failure.cure}</p>
        </>
      )}
    </section>
  );
}

function Status({ probe }: { probe: ProbeResult | null }): JSX.Element {
  if (probe === null) return <span class="status">Looking</span>;
  if (!probe.ok) return <span class="status none">Cannot train</span>;
  if (probe.device.adapter.software) return <span class="status slow">Works, slowly</span>;
  return <span class="status ready">Ready</span>;
}

function Adapter({ device }: { device: DeviceReport }): JSX.Element {
  const { adapter } = device;
  const features = new Set(adapter.features);
  const family = [adapter.vendor, adapter.architecture].filter(Boolean).map(capitalised).join(' ');
  const name = adapter.description || family || 'A GPU without a name';
  return (
    <>
      <p class="name">{name}</p>
      <dl>
        <Row term="Kind" value={adapter.software ? 'Software, on the processor' : 'Graphics processor'} />
        {adapter.description && adapter.vendor ? <Row term="Family" value={family} /> : null}
        <Row term="16-bit arithmetic" value={features.has('shader-f16') ? 'Yes' : 'No, and not needed'} />
        <Row term="Subgroups" value={features.has('subgroups') ? 'Yes' : 'No, and not needed'} />
        <Row term="Largest buffer" value={formatBytes(device.maxBufferSize)} />
      </dl>
      {adapter.software ? (
        <p class="soft">Everything works without a graphics processor; it only takes longer.</p>
      ) : null}
    </>
  );
}

/** WebGPU gives names in lower case with hyphens: "intel", "gen-12lp". */
const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

function Row({ term, value }: { term: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd class="number">{value}</dd>
    </div>
  );
}

function Missing({
  problem,
  cure,
  hasWebGpu,
}: {
  problem: string;
  cure: string;
  hasWebGpu: boolean;
}): JSX.Element {
  const help = browserHelp(navigator.userAgent, hasWebGpu);
  return (
    <>
      <p>
        {problem} {isSecureContext ? `You use ${help.browser}. What would help:` : cure}
      </p>
      {isSecureContext ? (
        <ol>
          {help.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      ) : null}
      <p class="soft">Finished runs saved in this browser can still be read and exported below.</p>
    </>
  );
}
