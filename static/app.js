// The little that needs a script: palette, keys, theme, local times, the live dot. Without it every page still reads,
// filters, pages and posts.
"use strict";

const root = document.documentElement;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector, from = document) => from.querySelector(selector);

// --- theme: system, light or dark, remembered in this browser
function showTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of all("[data-set-theme]")) button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
}

function setTheme(theme) {
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch { /* storage is off: the choice lasts until the next page */ }
  showTheme(theme);
}

// --- times and numbers in the reader's own zone and language
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const dayOnly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const number = new Intl.NumberFormat();

function relative(seconds) {
  const distance = Math.abs(seconds);
  const say = (words) => (seconds < 0 ? `in ${words}` : `${words} ago`);
  if (distance < 45) return "just now";
  if (distance < 3600) return say(`${Math.round(distance / 60)} min`);
  if (distance < 86400) return say(`${Math.floor(distance / 3600)} h`);
  if (distance < 172800) return say("1 day");
  if (distance < 31 * 86400) return say(`${Math.floor(distance / 86400)} days`);
  return null;
}

function localise(from = document) {
  for (const element of all("time[datetime]", from)) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.title = absolute.format(at);
    const text = relative((Date.now() - at.getTime()) / 1000) ?? dayOnly.format(at);
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of all("data[value]", from)) {
    const text = number.format(Number(element.value));
    if (element.textContent !== text) element.textContent = text;
  }
}

// --- toasts: one polite region
function toast(text) {
  const region = one("#toasts");
  if (!region || one("div", region)?.textContent === text) return;
  const box = document.createElement("div");
  box.textContent = text;
  region.append(box);
  setTimeout(() => box.remove(), 8000);
}

// --- dialogs
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const field = one("input", dialog);
  if (!field) return;
  field.value = "";
  field.focus();
  // Asked for here and not by an event: a key may be faster than htmx is up.
  htmx.ajax("GET", field.getAttribute("hx-get"), { target: "#palette-results", swap: "innerHTML" });
}

function moveInPalette(event) {
  const dialog = one("#palette[open]");
  if (!dialog || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return false;
  const links = all(".palette-results a", dialog);
  const at = links.indexOf(document.activeElement);
  if (event.key === "Enter") {
    if (at < 0) links[0]?.click();
    else return false;
  } else if (event.key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
  else (at > 0 ? links[at - 1] : one("input", dialog)).focus();
  event.preventDefault();
  return true;
}

// --- keys
let goes = 0;

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") || one("dialog[open]");
}

function moveInList(step) {
  const links = all("[data-list] .row-link").filter((link) => link.offsetParent);
  const row = document.activeElement?.closest?.("[data-list] tr, [data-list] li");
  const at = links.findIndex((link) => row?.contains(link));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function go(letter) {
  one(`.rail a[data-key="${CSS.escape(letter)}"]`)?.click();
}

function onKey(event) {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openDialog("palette");
    return;
  }
  if (moveInPalette(event)) return;
  if (event.key === "Escape") closeMenus(null, true);
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
  const follows = Date.now() - goes < 1500;
  goes = 0;
  if (follows && /^[a-z]$/.test(event.key)) go(event.key);
  else if (event.key === "g") goes = Date.now();
  else if (event.key === "j") moveInList(1);
  else if (event.key === "k") moveInList(-1);
  else if (event.key === "?") openDialog("keys");
  else if (event.key === "/" && one("input[type=search]", one("main"))) {
    event.preventDefault();
    one("input[type=search]", one("main")).focus();
  }
}

// --- menus: one open at a time, closed by a click elsewhere and by Escape
function closeMenus(keep, refocus = false) {
  for (const menu of all("details.menu[open]")) {
    if (keep && menu.contains(keep)) continue;
    if (refocus && menu.contains(document.activeElement)) one("summary", menu).focus();
    menu.open = false;
  }
}

function onClick(event) {
  closeMenus(event.target);
  const theme = event.target.closest("[data-set-theme]");
  if (theme) setTheme(theme.dataset.setTheme);
  const opener = event.target.closest("[data-open]");
  if (opener) {
    closeMenus(null);
    openDialog(opener.dataset.open);
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  if (event.target.closest("[data-close]") || event.target.matches("dialog")) event.target.closest("dialog").close();
}

/** Puts a text of the page on the clipboard; where that is not allowed, selects it to be copied by hand. */
async function copy(button) {
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    one("span", button).textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
  }
}

// --- the live dot: what the stream says of itself
let lastHeard = Date.now();

function setLive(state) {
  const dot = one("#live");
  if (!dot || dot.dataset.state === state) return;
  dot.dataset.state = state;
  const since = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(lastHeard);
  one("span", dot).textContent = { live: "Live", reconnecting: "Reconnecting", stale: `Stale since ${since}` }[state];
}

function watchStream() {
  let wasAway = false;
  document.addEventListener("htmx:sse:after:connection", (event) => {
    setLive("live");
    // What happened in between was not heard: ask again for everything that listens.
    if (wasAway) htmx.trigger(event.target, "refresh");
    wasAway = false;
    lastHeard = Date.now();
  });
  document.addEventListener("htmx:sse:after:message", () => { lastHeard = Date.now(); });
  document.addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt > 0) { wasAway = true; setLive("reconnecting"); }
  });
  document.addEventListener("htmx:sse:error", (event) => setLive(event.detail.connection?.attempt > 5 ? "stale" : "reconnecting"));
  document.addEventListener("htmx:sse:close", (event) => { if (event.detail.reason !== "message" && event.target.isConnected) setLive("stale"); });
}

// --- htmx: plain addresses, and a word when a request fails
function dropEmpty(event) {
  const { request } = event.detail.ctx;
  if (request.method !== "GET" || !(request.body instanceof FormData)) return;
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
}

function watchRequests() {
  document.addEventListener("htmx:config:request", dropEmpty);
  document.addEventListener("htmx:error", () => toast("That did not reach the server. Check the connection and try again."));
  document.addEventListener("htmx:response:error", (event) => {
    const status = event.detail.ctx?.response?.status;
    if (status === 401) location.reload();
    else if (status >= 500) toast("The server could not do that. Try again, or reload the page.");
  });
  document.addEventListener("htmx:after:swap", () => localise());
}

showTheme(root.dataset.theme ?? "system");
localise();
setInterval(localise, 30000);
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
watchRequests();
watchStream();
