// Walks how an owner connects GitHub: an App by its manifest, its installation, repositories chosen at once and
// read, one disconnected and had back, a token, and the removal; at a desk and by phone.
//
//   node connect.mjs --base http://127.0.0.1:8080 --github http://127.0.0.1:4567
//
// The server lets the members of the made-up GitHub's organisation acme in (examples/github-world.rs), may fetch from
// this machine, and nobody has signed in yet. Exits 1 when anything is wrong, after having said everything that is.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { check, finish, step, watch } from "./report.mjs";
import { auditBothThemes } from "./audit.mjs";

const { values: options } = parseArgs({
  options: {
    base: { type: "string", default: process.env.QUARTERDECK_BASE },
    github: { type: "string", default: process.env.QUARTERDECK_GITHUB__WEB_URL },
    browser: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
});
for (const name of ["base", "github"]) {
  if (!options[name]) throw new Error(`--${name} is missing`);
}

const out = new URL("./out/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const base = options.base.replace(/\/$/, "");
const github = options.github.replace(/\/$/, "");
const browser = await chromium.launch({ executablePath: options.browser, args: ["--no-sandbox", "--disable-gpu"] });

/** What is looked at, by width. */
const widths = [["desktop", { width: 1280, height: 800 }], ["phone", { width: 390, height: 844 }]];

async function look(page, name) {
  for (const [kind, viewport] of widths) {
    await page.setViewportSize(viewport);
    await auditBothThemes(page, out, `${name}-${kind}`);
  }
  await page.setViewportSize(widths[0][1]);
}

async function signIn(page) {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Sign in with GitHub" }).click();
  await page.getByRole("button", { name: "Authorize as ada", exact: true }).click();
  await page.waitForURL((url) => url.origin === base);
}

/** Makes the App, installs it, and comes back to the repositories that it reaches. */
async function makeApp(page) {
  await page.goto("/acme/github");
  await look(page, "github-empty");
  await page.getByLabel("GitHub's address").fill(github);
  await page.getByLabel("GitHub organisation").fill("no such name");
  await page.getByRole("button", { name: "Continue to GitHub" }).click();
  await check("a name that cannot be one is named beside its field", (await page.locator(".field .error").count()) === 1);
  await page.getByLabel("GitHub organisation").fill("acme");
  await page.getByRole("button", { name: "Continue to GitHub" }).click();
  await page.getByRole("heading", { name: "Make the GitHub App" }).waitFor();
  await look(page, "github-manifest");
  await page.getByRole("button", { name: "Create the App at GitHub" }).click();
  await page.getByRole("button", { name: "Install" }).click();
  await page.waitForURL(/\/github\/[0-9a-f-]+\/repositories$/);
  step("made an App from its manifest and installed it");
}

/** Searches, and connects what is on the page. */
async function connect(page) {
  await look(page, "github-repositories");
  await page.getByRole("searchbox", { name: "Search by name" }).fill("shop");
  await page.locator("[data-list] tr").nth(1).waitFor({ state: "detached" });
  await check("the search finds one", (await page.locator("[data-list] tr").count()) === 1);
  await page.getByLabel("Choose acme/shop").check();
  await page.getByRole("button", { name: "Connect the chosen ones" }).click();
  await page.getByText("Connected 1 repository").waitFor();
  await check("the search stays", (await page.getByRole("searchbox").inputValue()) === "shop");
  await page.getByRole("link", { name: "Clear" }).click();
  await page.getByRole("button", { name: /^Connect all/ }).click();
  await page.getByText(/^Connected \d+ repositor/).waitFor();
  await look(page, "github-connected");
  await page.goto("/acme/repositories");
  await check("a private one is marked", (await page.locator("[data-list] .pill", { hasText: "Private" }).count()) >= 1);
  await look(page, "repositories-github");
  step("searched, chose and connected repositories");
}

/** Watches how all is read, in a page that nobody loads again; then what came of it. */
async function watchReading(page) {
  await page.goto("/acme/repositories/archive/sync");
  const issues = page.locator("tr", { hasText: /^Issues/ });
  await issues.waitFor();
  const before = await issues.innerText();
  await page.waitForFunction((old) => ![...document.querySelectorAll("tr")].some((row) => row.innerText === old), before);
  await look(page, "sync-archive");
  await page.goto("/acme/repositories/shop/sync");
  await page.getByText("in step", { exact: true }).waitFor();
  await look(page, "sync-shop");
  await page.goto("/acme/tasks?q=umbrellas");
  await check("an issue is a task", (await page.getByText("Sell umbrellas as well").count()) >= 1);
  await look(page, "tasks-github");
  await page.goto("/acme/teams");
  await check("GitHub's teams are here", (await page.getByText("Platform").count()) >= 1);
  await look(page, "teams-github");
  step("watched the reading of all that GitHub has");
}

/** Its preflight knows that GitHub has delivered. */
async function preflight(page) {
  await page.goto("/acme/github");
  await look(page, "github-list");
  await page.locator("[data-list] .row-link").first().click();
  await page.getByRole("heading", { name: "Preflight" }).waitFor();
  await check("GitHub has delivered", (await page.getByText("GitHub has delivered to").count()) === 1);
  await look(page, "github-connection");
  step("looked at the preflight");
}

/** Disconnects a repository and has it back. */
async function disconnect(page) {
  await page.goto("/acme/repositories/shop/removal");
  await look(page, "repository-removal");
  await page.getByLabel("Repository's name").fill("shop");
  await page.getByRole("button", { name: "Remove shop" }).click();
  await page.waitForURL(/\/repositories$/);
  await check("it is in the list no longer", (await page.locator("[data-list] .row-link", { hasText: /^shop$/ }).count()) === 0);
  await look(page, "repositories-disconnected");
  await page.getByRole("button", { name: /^Undo/ }).click();
  await page.waitForURL(/\/scans\//);
  await page.goto("/acme/repositories");
  await check("it is back", (await page.locator("[data-list] .row-link", { hasText: /^shop$/ }).count()) === 1);
  step("disconnected a repository and had it back");
}

/** The other ways, with something wrong in each; and how a connection goes. */
async function others(page) {
  await page.goto("/acme/github/token");
  await page.getByLabel("GitHub's address").fill(github);
  await page.getByLabel("Token", { exact: true }).fill("ghp_000000000000000000000000000000000000");
  await page.getByRole("button", { name: "Check with GitHub and store" }).click();
  await check("a wrong token is named beside its field", (await page.locator(".field .error").count()) === 1);
  await look(page, "github-token");
  await page.goto("/acme/github/oauth");
  await page.getByLabel("GitHub's address").fill(github);
  await page.getByLabel("Client id").fill("Ov23liNobodysAtAll00");
  await page.getByLabel("Client secret").fill("0000000000000000000000000000000000000000");
  await page.getByRole("button", { name: "Continue to GitHub" }).click();
  await check("a wrong client secret is named beside its field", (await page.locator(".field .error").count()) === 1);
  await look(page, "github-oauth");
  await page.goto("/acme/github/paste");
  await look(page, "github-paste");
  await page.goto("/acme/github");
  await page.locator("[data-list] .row-link").first().click();
  await page.getByRole("link", { name: "Remove this connection" }).click();
  await look(page, "github-removal");
  await page.getByRole("button", { name: "Remove the connection" }).click();
  await page.waitForURL(/\/acme\/github$/);
  step("tried the other ways and removed the connection");
}

const context = await browser.newContext({ baseURL: base, viewport: widths[0][1] });
const page = await context.newPage();
watch(page, base, { others: [github], statuses: [404] });
await signIn(page);
await makeApp(page);
await connect(page);
await watchReading(page);
await preflight(page);
await disconnect(page);
await others(page);
await browser.close();
finish();
