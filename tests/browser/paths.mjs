// The paths a person takes: by keyboard, without a script, over a slow line, while a scan runs.
import { check, step } from "./report.mjs";

/** Adds the repository through the form and watches its scan go by without touching the page. */
export async function checkLiveScan(page, repository) {
  await page.getByRole("link", { name: "Add repository" }).first().click();
  const source = page.getByRole("textbox", { name: /^Git address/ });
  await source.fill("http://127.0.0.1:1/private.git");
  await page.getByRole("button", { name: "Add and scan" }).click();
  await check("a refused address is named beside its field", (await page.locator(".field .error").count()) === 1);
  await check("what was typed stays", (await source.inputValue()) === "http://127.0.0.1:1/private.git");

  await source.fill(repository);
  await page.getByRole("button", { name: "Add and scan" }).click();
  await page.waitForURL(/\/scans\/[^/]+$/);
  await page.evaluate(() => { window.sameDocument = true; });
  const wasRunning = (await page.locator("#state progress").count()) > 0;
  await page.locator("#state .pill.good").first().waitFor({ timeout: 120_000 });
  await check("the scan's end arrives without a reload", await page.evaluate(() => window.sameDocument === true));
  await checkScanAgain(page);
  step(`added a repository and saw its scan${wasRunning ? " run" : ""} and the next one`);
}

/** Asks for another scan, however quick, while a second window looks at the list of scans. */
async function checkScanAgain(page) {
  const list = await page.context().newPage();
  await list.goto(await page.locator(".rail a[href$='/scans']").first().getAttribute("href"));
  await list.locator("#live[data-state=live]").waitFor({ state: "attached" });
  await list.evaluate(() => { window.sameDocument = true; });
  const rows = list.locator("[data-list] tr");
  const before = await rows.count();

  if (await page.getByRole("button", { name: "Scan again" }).count() === 0) await page.reload();
  const finished = page.url();
  await page.getByRole("button", { name: "Scan again" }).click();
  await page.waitForURL((url) => /\/scans\/[^/]+$/.test(url.pathname) && url.href !== finished);

  await rows.nth(before).waitFor({ timeout: 30_000 });
  await rows.first().locator(".pill.good").waitFor({ timeout: 120_000 });
  await check("the list follows another scan without a reload", await list.evaluate(() => window.sameDocument === true));
  await page.locator("#state .pill.good").first().waitFor({ timeout: 120_000 });
  await list.close();
}

/** Palette, skip link, `g` and a letter, `j`, the map, the theme. */
export async function checkKeys(page, pages) {
  await page.goto(pages.get("overview"));
  await page.keyboard.press("Tab");
  await check("the first Tab offers to skip", (await page.evaluate(() => document.activeElement.className)) === "skip");
  await page.keyboard.press("Enter");
  await check("the skip link leads to the page", await page.evaluate(() => location.hash === "#main"));

  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(`**${pages.get("tasks")}`);
  await page.keyboard.press("j");
  await check("j stands on the first row", await page.evaluate(() => document.activeElement.classList.contains("row-link")));
  await page.keyboard.press("?");
  await check("? shows the map", await page.locator("#keys[open]").isVisible());
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("isol");
  await page.locator("#palette-results a").first().filter({ hasText: "Isolation" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**${pages.get("isolation")}`);
  await checkTheme(page);
  await checkFilters(page, pages);
  step("walked by keyboard");
}

async function checkTheme(page) {
  await page.locator(".rail .foot summary").click();
  await page.locator(".rail .foot").getByRole("button", { name: "Dark" }).click();
  await page.reload();
  await check("the theme is remembered", (await page.evaluate(() => document.documentElement.dataset.theme)) === "dark");
  await page.evaluate(() => localStorage.removeItem("theme"));
}

async function checkFilters(page, pages) {
  await page.goto(pages.get("tasks"));
  await page.evaluate(() => { window.sameDocument = true; });
  await page.locator("select[name=status]").selectOption("done");
  await page.waitForURL(/status=done/);
  await check("a filter keeps the document and can be shared", await page.evaluate(() => window.sameDocument === true));
}

/** What the first page weighs over the line, with an empty cache. */
export async function checkWeight(open, session, home) {
  const { context, page } = await open({ storageState: session });
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  let bytes = 0;
  client.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  await page.goto(home, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(300);
  await check("the first page weighs less than 100 kB", bytes > 0 && bytes < 100_000, `${bytes} bytes`);
  step(`first page: ${(bytes / 1000).toFixed(1)} kB transferred`);
  await context.close();
}

/** Reading, filtering and posting with scripts off. */
export async function checkWithoutScript(open, session, pages) {
  const { context, page } = await open({ storageState: session, javaScriptEnabled: false });
  for (const [name, href] of pages) {
    await page.goto(href);
    await check("a page reads without a script", (await page.locator("h1").count()) === 1, name);
  }
  await page.goto(pages.get("tasks"));
  await page.locator("select[name=status]").selectOption("done");
  await page.getByRole("button", { name: "Apply" }).click();
  await check("filters work without a script", page.url().includes("status=done"));
  await page.goto(pages.get("organization"));
  await page.getByLabel("Organisation's name").fill("Acme Works");
  await page.getByRole("button", { name: "Save name" }).click();
  await check("a form posts without a script", (await page.locator("h1").innerText()) === "Acme Works");
  await page.locator(".rail .foot summary").click();
  await page.locator(".rail .foot").getByRole("button", { name: "Sign out" }).click();
  await page.goto(pages.get("overview"));
  await check("signing out works without a script", new URL(page.url()).pathname === "/sign-in");
  await context.close();
  step("walked without a script");
}
