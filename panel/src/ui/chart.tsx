// Bars over days: two series, one above the other. The same numbers stand in a table for those who cannot see it.
import { number } from './format';

export interface Bar {
  label: string;
  good: number;
  bad: number;
}

const WIDTH = 720;
const NARROW_WIDTH = 340; // on a phone, so that the words keep their size
const HEIGHT = 168;
const TOP = 12;
const FOOT = 22;
const LEFT = 34;

// The next round number above: 1, 2, 5, 10, 20, …
function ceiling(value: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [2, 4, 6, 10, 20].map((step) => step * size).find((step) => step >= value) ?? value;
}

export function BarChart({ title, bars, good, bad }: { title: string; bars: Bar[]; good: string; bad: string }) {
  const most = Math.max(4, ceiling(Math.max(0, ...bars.map((bar) => bar.good + bar.bad))));
  const isNarrow = matchMedia('(max-width: 44rem)').matches;
  const whole = isNarrow ? NARROW_WIDTH : WIDTH;
  const inner = HEIGHT - TOP - FOOT;
  const y = (value: number): number => TOP + inner - (value / most) * inner;
  const step = (whole - LEFT) / bars.length;
  const width = Math.max(2, Math.min(24, step * 0.62));
  const every = Math.ceil(bars.length / (isNarrow ? 4 : 7));
  return (
    <figure class="chart">
      <figcaption class="legend"><span class="key good" />{good}<span class="key bad" />{bad}</figcaption>
      <svg viewBox={`0 0 ${whole} ${HEIGHT}`} role="img" aria-label={title}>
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={whole} y1={y(value)} y2={y(value)} class="grid" />
            <text x={LEFT - 8} y={y(value) + 4} class="axis end">{number(value)}</text>
          </g>
        ))}
        {bars.map((bar, i) => {
          const x = LEFT + step * i + (step - width) / 2;
          return (
            <g key={bar.label}>
              <title>{`${bar.label}: ${good} ${bar.good}, ${bad} ${bar.bad}`}</title>
              <rect x={LEFT + step * i} y={TOP} width={step} height={inner} class="hover" />
              {bar.good > 0 && <rect x={x} y={y(bar.good)} width={width} height={y(0) - y(bar.good)} rx="2" class="good" />}
              {bar.bad > 0 && <rect x={x} y={y(bar.good + bar.bad)} width={width} height={y(bar.good) - y(bar.good + bar.bad)} rx="2" class="bad" />}
              {i % every === 0 && <text x={LEFT + step * (i + 0.5)} y={HEIGHT - 6} class="axis middle">{bar.label}</text>}
            </g>
          );
        })}
      </svg>
      <table class="hidden">
        <caption>{title}</caption>
        <thead><tr><th>Day</th><th>{good}</th><th>{bad}</th></tr></thead>
        <tbody>{bars.map((bar) => <tr key={bar.label}><td>{bar.label}</td><td>{bar.good}</td><td>{bar.bad}</td></tr>)}</tbody>
      </table>
    </figure>
  );
}
