// What went wrong, collected, so that one run says everything.
const problems = [];

export function step(text) {
  console.log(`  ${text}`);
}

/** Notes a problem when `holds` is false; gives `holds` back. */
export async function check(claim, holds, detail = "") {
  if (!holds) {
    problems.push(detail ? `${claim}: ${detail}` : claim);
    console.log(`  FAILED ${claim}${detail ? `: ${detail}` : ""}`);
  }
  return holds;
}

/**
 * Watches a page for errors on its console and for requests that leave the server's own origin; `others` may be
 * asked too, and answers of `statuses` are part of the walk.
 */
export function watch(page, base, { others = [], statuses = [] } = {}) {
  page.on("pageerror", (error) => check("no script fails", false, `${page.url()} ${error.message}`));
  page.on("console", (message) => {
    const isExpected = message.text().includes("status of 404") && page.url().includes("no-such-page");
    const isExpectedForm = message.text().includes("status of 422") || message.text().includes("status of 410") ||
      statuses.some((status) => message.text().includes(`status of ${status}`));
    if (message.type() === "error" && !isExpected && !isExpectedForm) check("the console stays empty", false, `${page.url()} ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (![base, "data:", ...others].some((known) => url.startsWith(known))) check("no request leaves the origin", false, url);
  });
}

export function finish() {
  console.log(problems.length === 0 ? "browser: everything holds" : `browser: ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
