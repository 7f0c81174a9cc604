// Walks every page of a running Quarterdeck: both themes, two widths, axe, keys, weight, no script, live progress.
//
//   node walk.mjs --base http://127.0.0.1:8080 --setup <link> --repository <path or URL> [--pictures <folder>]
//
// The link is the one `quarterdeck setup-link` prints; the repository is added through the form. Exits 1 when
// anything is wrong, after having said everything that is.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { check, finish, step, watch } from "./report.mjs";
import { auditBothThemes, auditPage } from "./audit.mjs";
import { hearGitHub } from "./github.mjs";
import { checkKeys, checkWithoutScript, checkWeight, checkLiveScan } from "./paths.mjs";

const { values: options } = parseArgs({
  options: {
    base: { type: "string", default: process.env.QUARTERDECK_BASE },
    setup: { type: "string", default: process.env.QUARTERDECK_SETUP },
    repository: { type: "string", default: process.env.QUARTERDECK_REPOSITORY },
    pictures: { type: "string" },
    browser: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
});
for (const name of ["base", "setup", "repository"]) {
  if (!options[name]) throw new Error(`--${name} is missing`);
}

const out = new URL("./out/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const base = options.base.replace(/\/$/, "");
const browser = await chromium.launch({ executablePath: options.browser, args: ["--no-sandbox", "--disable-gpu"] });

/** Opens a browser window of its own, which reports what goes wrong in it. */
async function open(settings = {}) {
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1280, height: 800 }, ...settings });
  const page = await context.newPage();
  watch(page, base);
  return { context, page };
}

/** Goes through the setup link as a first owner and gives back the session. */
async function signIn() {
  const { context, page } = await open();
  await page.goto(options.setup);
  await auditBothThemes(page, out, "setup");
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("Your login").fill("ada");
  const organization = page.getByLabel("Organisation", { exact: true });
  if (await organization.count()) await organization.fill("Acme");
  await page.getByRole("main").getByRole("button").last().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/setup"));
  await check("the setup link signs in", await page.locator(".rail").count() === 1);

  await page.goto(options.setup);
  await check("the setup link works once", (await page.getByRole("heading", { level: 1 }).innerText()).includes("no longer"));
  await auditBothThemes(page, out, "setup-used");
  const state = await context.storageState();
  await context.close();
  return state;
}

/** Collects the addresses to visit: the rail, the person's menu, and the first row of every list. */
async function listPages(page) {
  await page.goto("/");
  const home = new URL(page.url()).pathname;
  const rail = await page.locator(".rail a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  const found = new Map([["overview", home]]);
  for (const href of rail) found.set(href.split("/").filter(Boolean).pop(), href);
  for (const [name, list] of [["repository", "repositories"], ["project", "projects"], ["scan", "scans"], ["commit", "commits"]]) {
    await page.goto(found.get(list));
    const row = page.locator("[data-list] .row-link").first();
    if (await check(`the list of ${list} has a row`, (await row.count()) > 0)) found.set(name, await row.getAttribute("href"));
  }
  found.set("graph", `${found.get("repository")}/graph`);
  await page.goto(found.get("graph"));
  const node = page.locator("svg.graph a").first();
  if (await check("the graph has a project", (await node.count()) > 0)) found.set("project-of-graph", await node.getAttribute("href"));
  found.set("removal", `${found.get("repository")}/removal`);
  found.set("tasks-filtered", `${found.get("tasks")}?status=done&q=a`);
  found.set("tasks-empty", `${found.get("tasks")}?q=nothing-is-called-this`);
  await page.goto(found.get("audit"));
  const entry = page.locator(".log details").first();
  if (await check("the audit log has an entry", (await entry.count()) > 0)) {
    await entry.locator("summary").click();
    await check("an entry says where it came from", (await entry.getByText("request", { exact: true }).count()) === 1);
  }
  found.set("audit-filtered", `${found.get("audit")}?action=repository.added&from=2020-01-01`);
  found.set("audit-empty", `${found.get("audit")}?q=nothing-is-like-this`);
  found.set("tokens-everybody", `${found.get("tokens")}/everybody`);
  for (const page of ["sessions", "identities", "factor", "data", "deletion"]) found.set(`account-${page}`, `/account/${page}`);
  found.set("account-tokens", "/account/tokens");
  found.set("keys", `${home}/keys`);
  found.set("gaps", `${home}/gaps`);
  found.set("leave", `${home}/leave`);
  found.set("settings-sign-in", `${home}/settings/sign-in`);
  found.set("invitations", `${home}/invitations`);
  found.set("privacy", "/privacy");
  found.set("not-found", `${home}/no-such-page`);
  return found;
}

async function visitAll(session, pages) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height, kind] of [[1280, 800, "desktop"], [390, 844, "phone"]]) {
      const { context, page } = await open({ storageState: session, colorScheme, viewport: { width, height } });
      for (const [name, href] of pages) {
        await page.goto(href);
        await check("the session holds", new URL(page.url()).pathname !== "/sign-in", name);
        await auditPage(page, out, `${name}-${colorScheme}-${kind}`);
      }
      await context.close();
      step(`visited ${pages.size} pages, ${colorScheme}, ${kind}`);
    }
  }
}

/** The README's pictures: few, at twice the density. */
async function takePictures(session, pages, folder) {
  mkdirSync(folder, { recursive: true });
  for (const [file, name, colorScheme, width, height] of [
    ["overview.png", "overview", "light", 1280, 800],
    ["overview-dark.png", "overview", "dark", 1280, 800],
    ["project.png", "project", "light", 1280, 800],
    ["tasks-phone.png", "tasks", "light", 390, 844],
  ]) {
    const { context, page } = await open({ storageState: session, colorScheme, viewport: { width, height }, deviceScaleFactor: 2 });
    await page.goto(pages.get(name));
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(folder, file) });
    await context.close();
  }
}

try {
  const { context: outside, page: door } = await open();
  await door.goto("/");
  await check("a stranger is sent to the door", new URL(door.url()).pathname === "/sign-in");
  await auditBothThemes(door, out, "sign-in");
  await outside.close();
  const session = await signIn();
  step("signed in");

  const { context, page } = await open({ storageState: session });
  await page.goto("/");
  await auditPage(page, out, "overview-empty");
  await checkLiveScan(page, options.repository);
  const pages = await listPages(page);
  await hearGitHub(page, out, base, pages);
  await checkKeys(page, pages);
  await context.close();

  await visitAll(session, pages);
  await checkWeight(open, session, pages.get("overview"));
  if (options.pictures) await takePictures(session, pages, options.pictures);
  // Last, for it signs out.
  await checkWithoutScript(open, session, pages);
} finally {
  await browser.close();
}
finish();
