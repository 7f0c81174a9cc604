// One page looked at: a picture of it, axe over it, and whether it fits its window.
import { join } from "node:path";
import axe from "@axe-core/playwright";
import { check } from "./report.mjs";

const AxeBuilder = axe.default ?? axe;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Cards whose content sticks out, unless they scroll by themselves. Runs in the page. */
function overflowingCards() {
  return [...document.querySelectorAll(".card")]
    .filter((card) => card.clientWidth > 0 && card.scrollWidth > card.clientWidth)
    .filter((card) => !["auto", "scroll"].includes(getComputedStyle(card).overflowX))
    .map((card) => `${card.getAttribute("aria-labelledby") ?? card.className} by ${card.scrollWidth - card.clientWidth} px`);
}

export async function auditPage(page, out, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(out, `${name}.png`) });
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await check("nothing scrolls sideways", excess <= 0, `${name} by ${excess} px`);
  for (const card of await page.evaluate(overflowingCards)) await check("no card is wider than it looks", false, `${name} ${card}`);
  await check("one heading of the first level", (await page.locator("h1").count()) === 1, name);
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  for (const violation of violations) {
    await check("axe finds nothing", false, `${name} ${violation.id}: ${violation.nodes[0].html.slice(0, 160)}`);
  }
}

/** A page outside of the walk, in both themes. */
export async function auditBothThemes(page, out, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await auditPage(page, out, `${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}
