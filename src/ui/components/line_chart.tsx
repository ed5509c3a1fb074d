/**
 * @file A line chart that grows while training runs: uPlot on a canvas, with a legend that follows the cursor and the
 * same numbers in a table, since a canvas says nothing to a screen reader.
 */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatValue } from '../format.ts';

export interface ChartSeries {
  readonly label: string;
  /** Number of the series' colour token, 1 to 3. */
  readonly color: 1 | 2 | 3;
  /** Lengths of dash and gap in pixels; colour is never the only difference. */
  readonly dash: readonly number[];
  /** One value per x; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface LineChartProps {
  readonly title: string;
  /** One sentence: what to look for. */
  readonly caption: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  /** The x that the last point will have, so that the axis stands still while points are added. */
  readonly xEnd: number;
  readonly series: readonly ChartSeries[];
  /** A value worth a line of its own. */
  readonly reference?: { readonly value: number; readonly label: string };
}

const HEIGHT = 220;

export function LineChart({
  title,
  caption,
  xLabel,
  x,
  xEnd,
  series,
  reference,
}: LineChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const dark = useDarkScheme();
  const data = useMemo(() => [[...x], ...series.map((s) => [...s.values])] as uPlot.AlignedData, [x, series]);
  const latest = useRef(data);
  latest.current = data;
  const shape = JSON.stringify([xEnd, series.map((s) => [s.label, s.color, s.dash]), reference]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for series and reference without their data; `dark` makes the colours be read anew.
  useEffect(() => {
    const element = host.current!;
    const chart = new uPlot(
      chartOptions(element, xEnd, series, reference, setHovered),
      latest.current,
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: chartHeight(element) }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, dark]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure class="chart sheet">
      <figcaption>
        <h3>{title}</h3>
        <p class="soft">{caption}</p>
      </figcaption>
      <ul class="legend">
        {series.map((s) => (
          <LegendEntry key={s.label} series={s} index={hovered} />
        ))}
      </ul>
      <div
        class="plot"
        ref={host}
        role="img"
        aria-label={`${title}: line chart over ${x.length} ${xLabel}s. The numbers are in the table below.`}
      />
      <details>
        <summary>The numbers</summary>
        <NumbersTable title={title} xLabel={xLabel} x={x} series={series} />
      </details>
    </figure>
  );
}

function LegendEntry({ series, index }: { series: ChartSeries; index: number | null }): JSX.Element {
  const value = index === null ? series.values.findLast((v) => v !== null) : series.values[index];
  return (
    <li class={`series-${series.color}`}>
      <svg width="26" height="8" aria-hidden="true" focusable="false">
        <line
          x1="1"
          y1="4"
          x2="25"
          y2="4"
          stroke="currentColor"
          stroke-width="2.5"
          stroke-dasharray={series.dash.join(' ')}
        />
      </svg>
      <span>{series.label}</span>
      <span class="number value">{value === null || value === undefined ? '–' : formatValue(value)}</span>
    </li>
  );
}

function NumbersTable({
  title,
  xLabel,
  x,
  series,
}: Pick<LineChartProps, 'title' | 'xLabel' | 'x' | 'series'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section class="numbers" tabIndex={0} aria-label={`Numbers of the chart ${title}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{xLabel}</th>
            {series.map((s) => (
              <th key={s.label} scope="col">
                {s.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {x.map((value, row) => (
            <tr key={value}>
              <th scope="row">{value}</th>
              {series.map((s) => (
                <td key={s.label}>{s.values[row] == null ? '–' : formatValue(s.values[row])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Charts grow with the type, for projectors. */
function chartHeight(element: HTMLElement): number {
  return (HEIGHT / 16) * Number.parseFloat(getComputedStyle(element.ownerDocument.documentElement).fontSize);
}

function chartOptions(
  element: HTMLElement,
  xEnd: number,
  series: readonly ChartSeries[],
  reference: LineChartProps['reference'],
  onHover: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const axis: uPlot.Axis = {
    stroke: token('--ink-soft'),
    font: `${0.72 * rem}px ${token('--sans')}`,
    grid: { stroke: token('--grid'), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  return {
    width: element.clientWidth,
    height: chartHeight(element),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: [1, Math.max(2, xEnd)] },
      y: {
        range: (_plot, low, high) => {
          const from = Math.min(low ?? 0, reference?.value ?? Infinity);
          const to = Math.max(high ?? 1, reference?.value ?? -Infinity);
          const margin = (to - from || Math.abs(to) || 1) * 0.08;
          return [from >= 0 && from - margin < 0 ? 0 : from - margin, to + margin];
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 1.7 * rem,
        space: 3 * rem,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
      },
      {
        ...axis,
        size: 3.1 * rem,
        space: 2.2 * rem,
        values: (_plot, ticks) => ticks.map((t) => formatValue(Number(t.toFixed(6)))),
      },
    ],
    series: [
      {},
      ...series.map((s) => ({
        label: s.label,
        stroke: token(`--series-${s.color}`),
        width: 2,
        ...(s.dash.length > 0 ? { dash: [...s.dash] } : {}),
        points: { show: s.values.length < 2 },
        spanGaps: true,
      })),
    ],
    hooks: {
      setCursor: [(plot) => onHover(plot.cursor.idx ?? null)],
      draw: reference
        ? [(plot) => drawReference(plot, reference, token('--line-strong'), axis.font as string)]
        : [],
    },
  };
}

function drawReference(
  plot: uPlot,
  reference: { value: number; label: string },
  color: string,
  font: string,
): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(reference.value, 'y', true));
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.setLineDash([2, 4]);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = font.replace(/^([\d.]+)px/, (_, px) => `${Number(px) * devicePixelRatio}px`);
  ctx.textAlign = 'right';
  ctx.fillText(reference.label, bbox.left + bbox.width, y - 5 * devicePixelRatio);
  ctx.restore();
}

function useDarkScheme(): boolean {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const change = () => setDark(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, [query]);
  return dark;
}
