// Lays out as many charts as the runner asks for, by the product or by uPlot, and updates them at the runner's pace with the same
// points. What an update took is told; whatever else is measured, the runner asks the browser for.
import init, { Charts } from '/app.js';

const POINTS = 600;
const START = 1772413200;

const value = (chart, number) => {
  const phase = number / 37 + chart;
  return 30 + 7 * Math.sin(phase) + 3 * Math.sin(phase * 5.3) + (number * 7919 % 13) / 10;
};

function layOut(count) {
  const columns = count <= 12 ? 4 : 8;
  const rows = Math.ceil(count / columns);
  const width = Math.floor((3840 - 16 * (columns + 1)) / columns);
  const height = Math.floor((2160 - 16 * (rows + 1)) / rows);
  const board = document.getElementById('board');
  board.replaceChildren();
  board.style.gridTemplateColumns = `repeat(${columns}, ${width}px)`;
  board.style.gridAutoRows = `${height}px`;
  const places = Array.from({ length: count }, () => board.appendChild(document.createElement('div')));
  return { places, width, height };
}

const course = (chart, step) => {
  const numbers = Array.from({ length: POINTS }, (_, at) => at);
  return [numbers.map((number) => START + number * step), numbers.map((number) => value(chart, number))];
};

function product(count, step) {
  const { places } = layOut(count);
  places.forEach((place) => [0, 1].forEach(() => place.appendChild(document.createElement('canvas'))));
  const charts = new Charts(places, step);
  if (charts.count() !== count) throw new Error(`${charts.count()} of ${count} charts`);
  places.forEach((_, chart) => charts.fill(chart, ...course(chart, step).map((list) => Float64Array.from(list))));
  return (number, values) => charts.update(START + number * step, Float64Array.from(values));
}

function uplot(count, step, line) {
  const { places, width, height } = layOut(count);
  const axis = { stroke: '#9aa3ad', grid: { stroke: '#2c323a', width: 1 }, font: '16px sans-serif' };
  const options = {
    width, height, cursor: { show: false }, legend: { show: false }, axes: [axis, axis],
    series: [{}, { stroke: '#e6e9ef', width: line, points: { show: false } }],
  };
  const all = places.map((place, chart) => {
    const data = course(chart, step);
    return { plot: new uPlot(options, data, place), data };
  });
  return (number, values) => all.forEach(({ plot, data }, chart) => {
    data[0].shift();
    data[1].shift();
    data[0].push(START + number * step);
    data[1].push(values[chart]);
    plot.setData(data);
  });
}

let update;
let number;
let count;

const draw = async () => {
  const values = Array.from({ length: count }, (_, chart) => value(chart, number));
  const before = performance.now();
  update(number, values);
  // uPlot draws in a microtask of its own, which comes before this one.
  await null;
  number += 1;
  return performance.now() - before;
};

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

// Makes the charts and draws them twice; whatever is laid out once is laid out then.
window.begin = async (kind, charts, hertz) => {
  const makers = { product: () => product(charts, 1 / hertz), uplot: () => uplot(charts, 1 / hertz, 2), 'uplot-thin': () => uplot(charts, 1 / hertz, 1) };
  count = charts;
  number = POINTS;
  update = makers[kind]();
  for (let turn = 0; turn < 2; turn += 1) { await frame(); await draw(); }
  await frame();
  await frame();
  return document.querySelectorAll('canvas').length;
};

// Draws so many times at so many hertz; tells how long each took on the page's thread and the frames that took longer than 50 ms.
window.run = async (updates, hertz) => {
  const took = [];
  const long = [];
  const observer = new PerformanceObserver((list) => list.getEntries().forEach((entry) => long.push(entry.duration)));
  observer.observe({ type: 'long-animation-frame' });
  const begun = performance.now();
  for (let turn = 0; turn < updates; turn += 1) {
    const due = begun + (turn * 1000) / hertz;
    const rest = due - performance.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    await frame();
    took.push(await draw());
  }
  await frame();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const seconds = (performance.now() - begun) / 1000;
  observer.disconnect();
  return { took, long, seconds };
};

await init({ module_or_path: '/app.wasm' });
await document.fonts.ready;
window.ready = true;
