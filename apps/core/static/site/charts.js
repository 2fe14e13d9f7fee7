/* Draw each .plot[data-chart] with uPlot from the JSON whose id it names; colours come from the style sheet.

   {"kind": "lines" | "steps" | "stacked", "daily": whether x are days, "x": [unix seconds], "unit": "%", "digits": 2,
    "series": [{"label": "…", "values": [1.5, null], "band": [[low], [high]]}]}
   No series is told from another by its colour alone: lines differ in their dashes, stacked bars in their patterns. */

const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
const HEIGHT = 260;
const DAY = 86400;
const DAYS = [1, 2, 5, 10, 30, 60, 120].map((days) => days * DAY);

/* How instants stand on the axis, by the distance of its ticks: ours are 24-hour clocks and `12 Nov`, never 11/12. */
const DATE = "\n{D} {MMM}", YEAR = "\n{YYYY}";
const CLOCK = [
  [365 * 86400, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86400, "{MMM}", YEAR, null, null, null, null, null, 1],
  [86400, "{D} {MMM}", YEAR, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", DATE, null, DATE, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", DATE, null, DATE, null, null, null, 1],
];

function colour(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

/* Filled, hatched, dotted, crossed. */
function pattern(ink, ground, index) {
  if (index === 0) return ink;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = ink;
  pen.lineWidth = 2;
  pen.beginPath();
  if (index === 1) { pen.moveTo(-2, 10); pen.lineTo(10, -2); pen.moveTo(-2, 2); pen.lineTo(2, -2); pen.moveTo(6, 10); pen.lineTo(10, 6); }
  if (index === 2) pen.arc(4, 4, 1.8, 0, 7);
  if (index === 3) { pen.moveTo(0, 0); pen.lineTo(8, 8); pen.moveTo(8, 0); pen.lineTo(0, 8); }
  pen.stroke();
  if (index === 2) pen.fill();
  return pen.createPattern(tile, "repeat");
}

const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].flatMap((power) => [power, 2 * power, 5 * power]);
const PATTERNS = ["", " (hatched)", " (dotted)", " (crossed)"];

/* Bars are whole at both ends, and the highest has room above it. */
function ranges(chart) {
  const first = chart.x[0], last = chart.x[chart.x.length - 1];
  const half = (chart.x.length > 1 ? chart.x[1] - first : 3600) / 2;
  return {
    x: { range: () => [first - half, last + half] },
    y: { range: (_self, _low, high) => [0, Math.max(high * 1.05, 1)] },
  };
}

function shown(value, chart) {
  return value == null ? "–" : `${value.toFixed(chart.digits ?? 0)}${chart.unit ? ` ${chart.unit}` : ""}`;
}

function dated(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/* The scale's options for the values as they stand, stacked ones on top of each other. */
function options(plot, chart) {
  const ink = colour(plot, "--ink"), quiet = colour(plot, "--quiet"), line = colour(plot, "--line"), page = colour(plot, "--page");
  const inks = [1, 2, 3, 4].map((number) => colour(plot, `--chart-${number}`));
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: "12px system-ui, sans-serif" };
  const series = chart.series.map((one, index) => ({
    label: chart.kind === "stacked" ? one.label + PATTERNS[index % 4] : one.label,
    stroke: inks[index % 4],
    width: 2,
    value: (_self, _value, _series, at) => shown(at == null ? null : one.values[at], chart),
    points: { show: chart.kind !== "stacked" && chart.x.length < 60 },
    ...(chart.kind === "stacked"
      ? { fill: pattern(inks[index % 4], page, index), width: 1, paths: uPlot.paths.bars({ size: [0.8, 40] }), points: { show: false } }
      : { dash: DASHES[index % 4], spanGaps: false }),
    ...(chart.kind === "steps" ? { paths: uPlot.paths.stepped({ align: 1 }), spanGaps: true } : {}),
  }));
  const bands = chart.series.flatMap((one) => one.band ? [{ fill: colour(plot, "--chart-band") }] : []);
  for (const band of bands) {
    const at = series.length + 1;
    const edge = { stroke: "transparent", points: { show: false }, label: "", class: "edge", width: 0 };
    series.push({ ...edge }, { ...edge });
    band.series = [at + 1, at];
  }
  return {
    width: plot.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    scales: chart.kind === "stacked" ? ranges(chart) : {},
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { markers: { show: true } },
    axes: [{ ...axis, values: CLOCK, ...(chart.daily ? { incrs: DAYS } : {}) }, { ...axis, size: 76, ...(chart.kind === "stacked" ? { incrs: WHOLE } : {}), values: (_self, ticks) => ticks.map((tick) => shown(tick, { ...chart, digits: undefined, ...(chart.digits ? { digits: Math.min(chart.digits, 2) } : {}) })) }],
    series: [{ label: chart.daily ? "Day (UTC)" : "Time (UTC)", value: (_self, seconds) => seconds == null ? "–" : chart.daily ? dated(seconds) : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") }, ...series],
    bands,
  };
}

function columns(chart) {
  const values = chart.series.map((one) => one.values);
  const bands = chart.series.flatMap((one) => one.band ?? []);
  if (chart.kind !== "stacked") return [chart.x, ...values, ...bands];
  const sums = chart.x.map(() => 0);
  return [chart.x, ...values.map((column) => column.map((value, at) => (sums[at] += value ?? 0) || null))];  /* no line for nothing */
}

function draw(plot) {
  const chart = JSON.parse(document.getElementById(plot.dataset.chart).textContent);
  plot.replaceChildren();
  const wanted = options(plot, chart), data = columns(chart);
  if (chart.kind === "stacked") {  /* the tallest first, so that the lower ones are drawn over it */
    wanted.series = [wanted.series[0], ...wanted.series.slice(1).reverse()];
    data.splice(1, data.length - 1, ...data.slice(1).reverse());
  }
  return new uPlot(wanted, data, plot);
}

function drawAll(root) {
  for (const plot of root.querySelectorAll(".plot[data-chart]:not([data-drawn])")) {
    plot.dataset.drawn = "yes";
    plot.setAttribute("aria-hidden", "true");  /* the figure's table says the same in words */
    let drawn = draw(plot);
    new ResizeObserver(() => {
      if (plot.clientWidth && plot.clientWidth !== drawn.width) drawn.setSize({ width: plot.clientWidth, height: HEIGHT });
    }).observe(plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { drawn.destroy(); drawn = draw(plot); });
  }
}

document.addEventListener("htmx:load", (event) => drawAll(event.target));
drawAll(document);
