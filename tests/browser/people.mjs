// Walks what people do to get in, and what an owner does about them: twice, at a desk and by phone.
//
//   node people.mjs --base http://127.0.0.1:8080 --github http://127.0.0.1:4567 --repository <path or URL>
//
// The server lets the members of the made-up GitHub's organisation acme in (examples/github-world.rs),
// and nobody has signed in yet. Exits 1 when anything is wrong, after having said everything that is.
import { createHmac } from "node:crypto";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { check, finish, step, watch } from "./report.mjs";
import { auditBothThemes } from "./audit.mjs";

const { values: options } = parseArgs({
  options: {
    base: { type: "string", default: process.env.QUARTERDECK_BASE },
    github: { type: "string", default: process.env.QUARTERDECK_GITHUB__WEB_URL },
    repository: { type: "string", default: process.env.QUARTERDECK_REPOSITORY },
    browser: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
});
for (const name of ["base", "github", "repository"]) {
  if (!options[name]) throw new Error(`--${name} is missing`);
}

const out = new URL("./out/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const base = options.base.replace(/\/$/, "");
const browser = await chromium.launch({ executablePath: options.browser, args: ["--no-sandbox", "--disable-gpu"] });

/** Who comes how: at each width other people, so that each path is new. */
const passes = [
  { kind: "desktop", viewport: { width: 1280, height: 800 }, refused: "dora", why: "not a member", guest: "dora", login: "dora", team: "Core" },
  { kind: "phone", viewport: { width: 390, height: 844 }, refused: "eve", why: "single sign-on", guest: "cleo", login: "", team: "Field" },
];

async function open(viewport) {
  const context = await browser.newContext({ baseURL: base, viewport });
  const page = await context.newPage();
  watch(page, base, { others: [options.github], statuses: [403, 404] });
  return { context, page };
}

/** Picks somebody at GitHub, wherever the page leads there from. */
async function signInAs(page, login, from = "/sign-in") {
  await page.goto(from);
  const invited = page.getByRole("link", { name: "Sign in to accept" });
  if (await invited.count()) await invited.click();
  await page.getByRole("link", { name: "Sign in with GitHub" }).click();
  await page.getByRole("button", { name: `Authorize as ${login}`, exact: true }).click();
  await page.waitForURL((url) => url.origin === base);
}

/** The code that an authenticator shows for a secret (RFC 6238), so many steps from now. */
function totp(secret, ahead = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/\s/g, "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const hash = createHmac("sha1", key).update(counter).digest();
  const offset = hash[19] & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function setUpFactor(page, name) {
  await page.getByRole("button", { name: "Set it up" }).click();
  const secret = await page.getByLabel("Secret", { exact: true }).innerText();
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Turn it on" }).click();
  await check("a wrong code is named beside its field", (await page.locator(".field .error").count()) === 1, name);
  await page.getByLabel("Code").fill(totp(secret));
  await page.getByRole("button", { name: "Turn it on" }).click();
  await page.getByRole("heading", { name: "Recovery codes" }).waitFor();
  await auditBothThemes(page, out, `recovery-codes-${name}`);
}

/** Somebody whom nobody let in reads why, and what to do. */
async function beRefused({ kind, viewport, refused, why }) {
  const { context, page } = await open(viewport);
  await signInAs(page, refused);
  await check("a stranger is not let in", (await page.locator("h1").innerText()) === "Not signed in", refused);
  await check("the refusal says why", (await page.locator(".lead").innerText()).includes(why), await page.locator(".lead").innerText());
  await auditBothThemes(page, out, `refused-${kind}`);
  await context.close();
  step(`${refused} was refused, ${kind}`);
}

/** An owner makes a link, and whom it is for gets in by it, once. */
async function invite(page, { kind, viewport, guest, login }) {
  await page.goto("/acme/members");
  await auditBothThemes(page, out, `members-${kind}`);
  await page.getByRole("link", { name: "Invite somebody" }).first().click();
  await page.getByLabel("Role").selectOption("viewer");
  await page.getByLabel("GitHub login").fill("not a login");
  await page.getByRole("button", { name: "Make the link" }).click();
  await check("a wrong login is named beside its field", (await page.locator(".field .error").count()) === 1, kind);
  await check("what was chosen stays", (await page.getByLabel("Role").inputValue()) === "viewer", kind);
  await page.getByLabel("GitHub login").fill(login);
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByLabel("Send it to whom you invite").inputValue();
  await auditBothThemes(page, out, `invitations-${kind}`);

  const { context, page: door } = await open(viewport);
  await door.goto(link);
  await auditBothThemes(door, out, `invitation-${kind}`);
  await signInAs(door, guest, link);
  await check("the link lets its person in", new URL(door.url()).pathname === "/acme", door.url());
  const other = await open(viewport);
  await other.page.goto(link);
  await check("the link works once", (await other.page.locator("h1").innerText()) === "This link lets nobody in");
  await auditBothThemes(other.page, out, `invitation-used-${kind}`);
  await other.context.close();
  step(`${guest} came in by an invitation, ${kind}`);
  return { context, page: door };
}

async function changeRole(page, { kind, guest }) {
  await page.goto(`/acme/members?q=${guest}`);
  await page.getByLabel(/^Role of /).selectOption("member");
  await page.getByRole("button", { name: /^Save the role of|^Save/ }).first().click();
  await page.goto(`/acme/members?q=${guest}`);
  await check("the role was changed", (await page.getByLabel(/^Role of /).inputValue()) === "member", guest);
  await page.getByRole("link", { name: /^Deactivate or remove/ }).first().click();
  await auditBothThemes(page, out, `member-removal-${kind}`);
  step(`${guest} became a member, ${kind}`);
}

async function makeTeam(page, { kind, team }) {
  await page.goto("/acme/teams");
  await auditBothThemes(page, out, `teams-${kind}`);
  await page.getByLabel("Team's name").fill(team);
  await page.getByLabel("What it is for").fill("Keeps the payments going");
  await page.getByRole("button", { name: "Make team" }).click();
  await page.getByRole("heading", { level: 1, name: team }).waitFor();
  await auditBothThemes(page, out, `team-${kind}`);
  step(`made the team ${team}, ${kind}`);
}

/** A repository is closed to all but a team; its member sees it by being put into it. */
async function restrict(page, guestPage, { kind, guest, team }) {
  const access = "/acme/repositories/payments/access";
  await page.goto(access);
  const restricted = page.getByRole("button", { name: "Restrict it to those who are named" });
  if (await restricted.count()) await restricted.click();
  await page.getByRole("button", { name: "Open it to all members" }).waitFor();
  const answer = await guestPage.goto("/acme/repositories/payments");
  await check("a restricted repository is not there for others", answer.status() === 404, `${answer.status()}`);
  await page.getByLabel(`Level of ${team}`).selectOption("read");
  await page.getByRole("button", { name: `Save the level of ${team}` }).click();
  await page.goto(`/acme/teams/${team.toLowerCase()}`);
  await page.getByLabel("Add somebody").fill(guest);
  await page.getByRole("button", { name: "Add to the team" }).click();
  await page.getByText(guest, { exact: true }).waitFor();
  await guestPage.goto("/acme/repositories/payments");
  await check("their team lets them see it", (await guestPage.locator("h1").innerText()) === "payments", guest);
  await page.goto(access);
  await check("the page says why", (await page.getByText(`By the team ${team}.`).count()) > 0, guest);
  await auditBothThemes(page, out, `access-${kind}`);
  step(`restricted a repository, ${kind}`);
}

/** One browser ends all others; they are at the door at their next look. */
async function endSession({ kind, viewport, guest }, guestPage) {
  const { context, page } = await open(viewport);
  await signInAs(page, guest);
  await page.goto("/account/sessions");
  await auditBothThemes(page, out, `sessions-${kind}`);
  await page.getByRole("button", { name: "End all others" }).click();
  await page.waitForURL("**/account/sessions");
  await guestPage.goto("/acme");
  await check("an ended session is at the door", new URL(guestPage.url()).pathname === "/sign-in", guestPage.url());
  step(`ended a session, ${kind}`);
  return { context, page };
}

/** An owner requires a factor; whoever has none is led to setting one up. */
async function requireFactor(page, guestPage, { kind, guest }) {
  await page.goto("/acme/organization");
  await auditBothThemes(page, out, `organization-${kind}`);
  const box = page.getByLabel("Let nobody in without a second factor");
  const save = page.locator("form", { has: box }).getByRole("button", { name: "Save" });
  await box.check();
  await save.click();
  await page.waitForLoadState();
  await guestPage.goto("/acme");
  await check("who has no factor is led to it", new URL(guestPage.url()).pathname === "/account/factor", guestPage.url());
  await setUpFactor(guestPage, `${guest}-${kind}`);
  await guestPage.goto("/acme");
  await check("with a factor one is let in", new URL(guestPage.url()).pathname === "/acme", guestPage.url());
  await page.goto("/acme/organization");
  await check("the requirement is kept", await box.isChecked());
  await box.uncheck();
  await save.click();
  await page.waitForLoadState();
  step(`required a second factor, ${kind}`);
}

try {
  const owner = await open(passes[0].viewport);
  await owner.page.goto("/sign-in");
  await auditBothThemes(owner.page, out, "sign-in-github");
  await signInAs(owner.page, "ada");
  await check("the first member becomes an owner", new URL(owner.page.url()).pathname === "/acme", owner.page.url());
  await owner.page.goto("/acme/repositories");
  await owner.page.getByRole("textbox", { name: /^Git address/ }).fill(options.repository);
  await owner.page.getByRole("button", { name: "Add and scan" }).click();
  await owner.page.locator("#state .pill.good").first().waitFor({ timeout: 120_000 });
  await owner.page.goto("/account/factor");
  await setUpFactor(owner.page, "owner");
  step("signed in with GitHub as the first owner");

  for (const pass of passes) {
    await owner.page.setViewportSize(pass.viewport);
    await beRefused(pass);
    const guest = await invite(owner.page, pass);
    await changeRole(owner.page, pass);
    await makeTeam(owner.page, pass);
    await restrict(owner.page, guest.page, pass);
    const again = await endSession(pass, guest.page);
    await requireFactor(owner.page, again.page, pass);
    await guest.context.close();
    await again.context.close();
  }
} finally {
  await browser.close();
}
finish();
