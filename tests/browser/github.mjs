// What GitHub tells: a hook is made by hand, deliveries come, fail and are tried again, and open pages follow.
import { createHmac, randomUUID } from "node:crypto";
import { auditBothThemes } from "./audit.mjs";
import { check, step } from "./report.mjs";

/** Sends a delivery as GitHub does, and gives the status of the answer. */
async function deliver({ url, secret }, event, body) {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": `sha256=${signature}`,
  };
  return (await fetch(url, { method: "POST", headers, body })).status;
}

/** Makes a hook by its form, tells what GitHub tells, and notes the pages to visit. */
export async function hearGitHub(page, out, base, pages) {
  await page.goto(pages.get("deliveries"));
  await check("without a hook there is a way to one", (await page.getByRole("link", { name: "Make a hook" }).count()) === 1);
  await page.getByRole("link", { name: "Make a hook" }).click();
  await auditBothThemes(page, out, "hooks-empty");
  const hooks = new URL(page.url()).pathname;
  await page.getByLabel("Name").fill("acme/shop");
  await page.getByRole("button", { name: "Make the hook" }).click();
  await auditBothThemes(page, out, "hook-made");
  const address = new URL(await page.locator("#url").innerText());
  const hook = { url: base + address.pathname, secret: await page.locator("#secret").innerText() };

  await page.goto(pages.get("deliveries"));
  await page.locator("#live[data-state=live]").waitFor({ state: "attached" });
  await page.evaluate(() => { window.sameDocument = true; });
  await check("a signed delivery is accepted", (await deliver(hook, "ping", '{"zen":"Keep it logically awesome.","hook_id":7}')) === 202);
  await check("another secret's is refused", (await deliver({ ...hook, secret: "guessed" }, "ping", "{}")) === 401);
  await page.locator("[data-list] .pill.good").first().waitFor({ timeout: 10_000 });
  await check("a delivery appears without a reload", await page.evaluate(() => window.sameDocument === true));

  await check("one that cannot be read is accepted, too", (await deliver(hook, "push", '{"ref":7}')) === 202);
  await page.locator("[data-list] .pill.bad").first().waitFor({ timeout: 10_000 });
  await page.locator("[data-list] tr", { has: page.locator(".pill.bad") }).locator(".row-link").click();
  pages.set("delivery", new URL(page.url()).pathname);
  await check("its page says where it cannot be read", (await page.locator("[role=alert] code").count()) === 1);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".pill.bad").first().waitFor({ timeout: 10_000 });

  await page.goto(hooks);
  await check("the hook is known to work", (await page.locator("[data-list] .pill.good").count()) === 1);
  await page.getByRole("button", { name: /^New secret/ }).click();
  await check("another secret is shown", (await page.locator("#secret").innerText()) !== hook.secret);
  await check("the one before still counts", (await deliver(hook, "ping", '{"zen":"Design for failure.","hook_id":7}')) === 202);
  pages.set("hooks", hooks);
  step("made a hook, heard GitHub, and tried again what failed");
}
