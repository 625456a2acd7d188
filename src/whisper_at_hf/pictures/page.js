"use strict";
// Draws the timeline, and keeps player, cursor, text and events together. Texts reach the page by textContent alone.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const player = at("player"), timeline = at("timeline"), canvas = at("canvas"), pen = canvas.getContext("2d");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Viridis: grows lighter evenly, so that colour-blind people order it alike.
const SCALE = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
const HEIGHTS = { time: 22, sound: 64, text: 30, row: 18, gap: 8 };
const SMALL_STEP = 5, LARGE_STEP = 30; // seconds
const CLOSEST = 4; // seconds that the view shows at least
const TICK_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

const chunks = data.chunks.map(([start, end, text]) => ({ start, end, text }));
const events = data.events.map(([start, end, row, score]) => ({ start, end, row, score }));
const hasSound = data.wave !== null;
const rows = []; // what is drawn, from the top: {kind, top, height, ...}
let zoom = 1; // 1: all of it is in view
let position = 0; // seconds; without sound, where the cursor was put

function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6), two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(whole % 60)}`;
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function colorOf(row) {
  const color = data.colors[row % data.colors.length];
  return color === "#000000" ? css("--ink") : color; // black is not seen on dark ground
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// --- time and pixels

const width = () => timeline.clientWidth;
const perSecond = () => (width() * zoom) / data.seconds;
const toX = (seconds) => seconds * perSecond() - timeline.scrollLeft;
const toSeconds = (x) => (x + timeline.scrollLeft) / perSecond();

function zoomTo(factor, x = width() / 2) {
  const kept = toSeconds(x);
  zoom = Math.min(Math.max(1, factor), Math.max(1, data.seconds / CLOSEST));
  at("stretch").style.width = `${width() * zoom}px`;
  timeline.scrollLeft = kept * perSecond() - x;
  draw();
}

// --- the timeline

function layRows() {
  let top = HEIGHTS.time;
  const add = (kind, name, height, more) => {
    rows.push({ kind, name, top, height, ...more });
    top += height;
  };
  if (hasSound) add("sound", "Sound", HEIGHTS.sound);
  if (chunks.length) add("text", "Text", HEIGHTS.text);
  if (data.heat) add("group", "Scores", HEIGHTS.row);
  if (data.heat) data.heat.labels.forEach((name, row) => add("heat", name, HEIGHTS.row, { scores: data.heat.scores[row] }));
  if (events.length) add("group", "Events", HEIGHTS.row);
  if (events.length) data.eventLabels.forEach((name, row) => add("event", name, HEIGHTS.row, { row }));
  canvas.style.height = `${top + HEIGHTS.gap}px`;
  const names = at("names");
  names.append(element("div"));
  names.firstChild.style.height = `${HEIGHTS.time}px`;
  for (const row of rows) {
    row.label = element("div", row.name, ["group", "sound", "text"].includes(row.kind) ? "group" : "");
    row.label.title = row.name;
    row.label.style.height = row.label.style.lineHeight = `${row.height}px`;
    names.append(row.label);
  }
}

function draw() {
  const ratio = devicePixelRatio || 1, height = parseFloat(canvas.style.height);
  canvas.style.width = `${width()}px`;
  canvas.width = Math.round(width() * ratio);
  canvas.height = Math.round(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  drawTime(height);
  const drawers = { sound: drawSound, text: drawText, heat: drawHeat, event: drawEvents };
  for (const row of rows) drawers[row.kind]?.(row);
  moveCursor();
}

function drawTime(height) {
  const step = TICK_STEPS.find((seconds) => seconds * perSecond() >= 72) || 172800;
  for (let number = Math.floor(toSeconds(0) / step); number * step <= Math.min(toSeconds(width()), data.seconds); number++) {
    const seconds = number * step, x = Math.round(toX(seconds));
    pen.fillStyle = css("--line");
    pen.fillRect(x, 0, 1, height);
    pen.fillStyle = css("--quiet");
    pen.fillText(clock(seconds) + (step < 1 ? (seconds % 1).toFixed(1).slice(1) : ""), x + 4, HEIGHTS.time / 2);
  }
}

// The highest value in each column of pixels, from values between edges (in seconds).
function highest(values, edgeOf) {
  const columns = new Float32Array(Math.ceil(width()));
  let low = 0, high = values.length; // the first value that ends in view
  for (const begin = toSeconds(0); low < high; ) {
    const middle = (low + high) >> 1;
    if (edgeOf(middle + 1) <= begin) low = middle + 1;
    else high = middle;
  }
  for (let index = low; index < values.length; index++) {
    const from = Math.max(0, Math.floor(toX(edgeOf(index))));
    if (from >= columns.length) break;
    const to = Math.min(columns.length, Math.max(from + 1, Math.floor(toX(edgeOf(index + 1)))));
    for (let x = from; x < to; x++) columns[x] = Math.max(columns[x], values[index]);
  }
  return columns;
}

function drawSound(row) {
  const { heights, seconds } = data.wave, middle = row.top + row.height / 2;
  pen.fillStyle = css("--wave");
  highest(heights, (index) => (index * seconds) / heights.length).forEach((height, x) => {
    const half = Math.max(0.5, (height / 100) * (row.height / 2 - 3));
    if (toSeconds(x) < seconds) pen.fillRect(x, middle - half, 1, 2 * half);
  });
}

function drawText(row) {
  const ink = css("--ink"), accent = css("--accent"), back = css("--current");
  let free = -1;
  for (const { start, end, text } of chunks) {
    const x = toX(start), wide = toX(end) - x;
    if (x + wide < 0 || x > width()) continue;
    pen.fillStyle = back;
    pen.fillRect(x, row.top + 4, Math.max(1, wide), row.height - 8);
    if (x > free + 2) { // marks that would lie on each other are one
      pen.fillStyle = accent;
      pen.fillRect(x, row.top + 4, 1.5, row.height - 8);
      free = x;
    }
    pen.fillStyle = ink;
    const left = Math.max(x, 0) + 5, shown = shortened(text, x + wide - left - 3);
    pen.fillText(shown, left, row.top + row.height / 2 + 0.5);
  }
}

function shortened(text, room) {
  if (room < 22) return "";
  if (pen.measureText(text).width <= room) return text;
  let low = 0, high = Math.min(text.length, Math.ceil(room));
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(text.slice(0, middle) + "…").width <= room) low = middle;
    else high = middle - 1;
  }
  return low ? text.slice(0, low).trimEnd() + "…" : "";
}

const SHADES = Array.from({ length: 101 }, (_, score) => {
  const place = (score / 100) * (SCALE.length - 1), below = Math.min(Math.floor(place), SCALE.length - 2);
  const channel = (color, index) => parseInt(color.slice(1 + 2 * index, 3 + 2 * index), 16);
  const mixed = [0, 1, 2].map((index) => {
    const first = channel(SCALE[below], index);
    return Math.round(first + (place - below) * (channel(SCALE[below + 1], index) - first));
  });
  return `rgb(${mixed.join()})`;
});

function drawHeat(row) {
  const columns = highest(row.scores, (index) => data.heat.edges[index]);
  const last = Math.min(columns.length, Math.ceil(toX(data.heat.edges.at(-1))));
  for (let x = 0, from = 0; x < last; from = x) {
    while (x < last && columns[x] === columns[from]) x++;
    pen.fillStyle = SHADES[Math.min(100, columns[from])];
    pen.fillRect(from, row.top + 1, x - from, row.height - 2);
  }
}

function drawEvents(row) {
  pen.fillStyle = colorOf(row.row);
  for (const event of events) {
    if (event.row !== row.row) continue;
    const x = toX(event.start), wide = Math.max(2, toX(event.end) - x);
    if (x + wide >= 0 && x <= width()) pen.fillRect(x, row.top + 4, wide, row.height - 8);
  }
}

// --- what lies below it

function fillList(list, items, content) {
  items.forEach((item, index) => {
    item.button = element("button");
    item.button.type = "button";
    item.button.dataset.start = item.start;
    item.button.dataset.end = item.end;
    item.button.dataset.index = index;
    item.button.append(...content(item));
    item.button.addEventListener("click", () => seek(item.start));
    const place = element("li");
    place.append(item.button);
    list.append(place);
  });
  list.parentElement.hidden = !items.length;
}

function fillLists() {
  const lengths = chunks.map((chunk) => chunk.end - chunk.start).sort((one, other) => one - other);
  at("chunks").classList.toggle("words", lengths[lengths.length >> 1] < 1);
  fillList(at("chunks"), chunks, (chunk) => [element("time", clock(chunk.start)), element("span", chunk.text)]);
  fillList(at("events"), events, (event) => {
    const swatch = element("i");
    swatch.style.background = colorOf(event.row);
    const score = element("span", (event.score / 100).toFixed(2), "score");
    return [element("time", clock(event.start)), swatch, element("span", data.eventLabels[event.row]), score];
  });
}

function markCurrent(list, items) {
  let first = null;
  for (const item of items) {
    const isCurrent = item.start <= position && position < item.end;
    if (isCurrent && !item.isCurrent) first = first || item.button;
    if (isCurrent && !item.isCurrent) item.button.setAttribute("aria-current", "true");
    if (!isCurrent && item.isCurrent) item.button.removeAttribute("aria-current");
    item.isCurrent = isCurrent;
  }
  if (!first) return;
  // Only the list scrolls: scrollIntoView would move the page, and one around its frame, too.
  const top = first.offsetTop, bottom = top + first.offsetHeight;
  if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight)
    list.scrollTo({ top: top - list.clientHeight / 3, behavior: calm.matches ? "auto" : "smooth" });
}

// --- the position

function seek(seconds) {
  position = Math.min(Math.max(0, seconds), data.seconds);
  if (hasSound) player.currentTime = position;
  update();
  reveal();
}

function moveCursor() {
  at("cursor").style.transform = `translateX(${toX(position)}px)`;
}

function reveal() {
  const x = toX(position);
  if (x < 0 || x > width()) timeline.scrollLeft += x - width() * 0.1;
}

function update() {
  moveCursor();
  markCurrent(at("chunks"), chunks);
  markCurrent(at("events"), events);
  const heard = new Set(events.filter((event) => event.isCurrent).map((event) => event.row));
  for (const row of rows) if (row.kind === "event") row.label.classList.toggle("current", heard.has(row.row));
  const told = `${clock(position)} of ${clock(data.seconds)}`;
  at("clock").textContent = told.replace(" of ", " / ");
  timeline.setAttribute("aria-valuenow", position.toFixed(1));
  timeline.setAttribute("aria-valuetext", told);
}

function follow() {
  position = player.currentTime;
  update();
  if (!player.paused) reveal();
}

function tick() {
  follow();
  if (!player.paused) requestAnimationFrame(tick);
}

const KEYS = {
  ArrowLeft: () => seek(position - SMALL_STEP),
  ArrowDown: () => seek(position - SMALL_STEP),
  ArrowRight: () => seek(position + SMALL_STEP),
  ArrowUp: () => seek(position + SMALL_STEP),
  PageUp: () => seek(position + LARGE_STEP),
  PageDown: () => seek(position - LARGE_STEP),
  Home: () => seek(0),
  End: () => seek(data.seconds),
  " ": () => hasSound && (player.paused ? player.play() : player.pause()),
  "+": () => zoomTo(zoom * 2),
  "-": () => zoomTo(zoom / 2),
  0: () => zoomTo(1),
};

function tellPointed(event) {
  const seconds = Math.min(toSeconds(event.offsetX), data.seconds);
  const row = rows.find(({ top, height }) => event.offsetY >= top && event.offsetY < top + height);
  const parts = [clock(seconds)];
  if (row && row.kind === "text") parts.push(...chunks.filter(({ start, end }) => start <= seconds && seconds < end).map(({ text }) => text));
  if (row && row.kind === "event") parts.push(row.name);
  if (row && row.kind === "heat") {
    const column = data.heat.edges.findIndex((edge) => edge > seconds) - 1;
    if (column >= 0) parts.push(row.name, (row.scores[column] / 100).toFixed(2));
  }
  at("pointed").textContent = parts.join("  ");
}

function listen() {
  timeline.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? null : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  canvas.addEventListener("click", (event) => seek(toSeconds(event.offsetX)));
  canvas.addEventListener("pointermove", tellPointed);
  canvas.addEventListener("pointerleave", () => (at("pointed").textContent = ""));
  timeline.addEventListener("scroll", draw);
  timeline.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX - timeline.getBoundingClientRect().left);
  }, { passive: false });
  at("zoom-in").addEventListener("click", () => zoomTo(zoom * 2));
  at("zoom-out").addEventListener("click", () => zoomTo(zoom / 2));
  at("zoom-fit").addEventListener("click", () => zoomTo(1));
  // Smooth while it plays; with less motion, as often as the player tells.
  player.addEventListener("play", () => (calm.matches ? follow() : tick()));
  for (const name of ["timeupdate", "seeking", "seeked"]) player.addEventListener(name, follow);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => zoomTo(zoom)).observe(timeline);
}

if (data.title) document.title = data.title;
at("title").textContent = data.title;
player.hidden = !hasSound;
at("clock").hidden = hasSound; // the player has its own
timeline.setAttribute("aria-valuemax", data.seconds.toFixed(1));
at("scale").hidden = !data.heat;
at("colors").style.background = `linear-gradient(to right, ${SCALE.join()})`;
layRows();
fillLists();
listen();
zoomTo(1);
update();
