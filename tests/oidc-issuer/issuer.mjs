// An issuer of OpenID Connect for the tests: discovery, keys, codes bound by PKCE, signed ID tokens.
//
//   node issuer.mjs
//
// Prints its address and runs until its input ends. Who signs in stands in the address that the browser opens:
// `as` holds the claims as JSON, over those that the issuer would say; one that is null is left out. Besides claims:
//   "break": "signature" changes the token after it was signed, "none" has nobody sign it
//   "userinfo": {…} is what it says where it is asked apart
// Of the client `quarterdeck` it wants the secret `of the tests`. POST /rotate gives it another key.
import { createServer } from "node:http";
import { OAuth2Server } from "oauth2-mock-server";

const issuer = new OAuth2Server();
const { service } = issuer;
await issuer.issuer.keys.generate("RS256");

const asked = new Map();
const told = new Map();

service.on("beforeAuthorizeRedirect", (redirect, request) => {
  asked.set(redirect.url.searchParams.get("code"), JSON.parse(request.query.as ?? "{}"));
  redirect.url.searchParams.set("iss", request.query.iss ?? issuer.issuer.url);
});

service.on("beforeTokenSigning", (token, request) => {
  const { break: _, userinfo: __, ...claims } = asked.get(request.body.code) ?? {};
  for (const [name, value] of Object.entries(claims)) {
    if (value === null) delete token.payload[name];
    else token.payload[name] = value;
  }
});

service.on("beforeResponse", (response, request) => {
  const wanted = `Basic ${Buffer.from("quarterdeck:of+the+tests").toString("base64")}`;
  if (request.headers.authorization !== wanted) {
    response.statusCode = 401;
    response.body = { error: "invalid_client" };
    return;
  }
  const claims = asked.get(request.body.code) ?? {};
  const [head, payload, signature] = response.body.id_token.split(".");
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  if (claims.break === "signature") {
    const changed = JSON.parse(Buffer.from(payload, "base64url"));
    response.body.id_token = [head, encode({ ...changed, email_verified: true }), signature].join(".");
  }
  if (claims.break === "none") response.body.id_token = [encode({ alg: "none" }), payload, ""].join(".");
  told.set(response.body.access_token, claims.userinfo ?? { sub: claims.sub });
});

service.on("beforeUserinfo", (response, request) => {
  const said = told.get(request.headers.authorization?.replace(/^Bearer /i, ""));
  if (said) response.body = said;
});

service.addRoute("POST", "/rotate", async (_, response) => {
  await issuer.issuer.keys.generate("RS256");
  response.end();
});

// Where a code is not taken, the library tells what is wrong in words of its own; issuers say `invalid_grant`.
const server = createServer((request, response) => {
  const end = response.end.bind(response);
  response.end = (body, ...rest) => {
    const isRefused = request.url.startsWith("/token") && response.statusCode === 400;
    if (!isRefused) return end(body, ...rest);
    const said = JSON.stringify({ error: "invalid_grant" });
    response.removeHeader("content-length");
    response.setHeader("content-type", "application/json");
    return end(said);
  };
  service.requestHandler(request, response);
});

server.listen(0, "127.0.0.1", () => {
  issuer.issuer.url = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer.issuer.url);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit());
