// A certified OpenID provider on loopback: panva's oidc-provider, with a page to sign in at. It says its issuer on the
// first line, is told the page's origin on its first line of input ({"origin": …}), and on any how long ID tokens live
// ({"seconds": …}) and whether it is there ({"there": …}). It ends with its input. Any name is an account.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

console.info = console.error; // its remarks: what is said to the test is said alone
let seconds = 600;
let provider = null;

const html = (body) => `<!doctype html><html lang="en"><title>Provider</title><main><h1>Provider</h1>${body}</main>`;
const LOGIN = html(
  '<form method="post"><label>Name <input name="name" required></label><button>Continue</button></form>' +
    '<form method="post"><button name="refuse" value="1">Refuse</button></form>',
);

function newProvider(issuer, origin) {
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  return new Provider(issuer, {
    clients: [
      {
        client_id: "docuvault",
        redirect_uris: [`${origin}/signed-in`],
        post_logout_redirect_uris: [`${origin}/`],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "none",
      },
    ],
    jwks: { keys: [{ ...key, use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = html(`${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`);
        },
      },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    loadExistingGrant: async (ctx) => {
      const { client, session, account } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session?.accountId ?? account.accountId });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
    renderError: (ctx, { error }) => {
      ctx.type = "html";
      ctx.body = html(`<p>${error}</p>`);
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: () => seconds, Interaction: 600, Session: 3600 },
  });
}

async function interact(request, response) {
  if (request.method === "GET") {
    await provider.interactionDetails(request, response);
    return void response.setHeader("Content-Type", "text/html").end(LOGIN);
  }
  let form = "";
  for await (const chunk of request) form += chunk;
  const given = new URLSearchParams(form);
  const result = given.has("refuse")
    ? { error: "access_denied" }
    : { login: { accountId: given.get("name"), remember: false } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const server = createServer((request, response) => {
  if (provider === null) return void response.writeHead(503).end();
  if (!request.url.startsWith("/interaction/")) return void provider.callback()(request, response);
  interact(request, response).catch(() => response.writeHead(400).end("gone"));
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}`;
  createInterface({ input: process.stdin })
    .on("line", async (line) => {
      const told = JSON.parse(line);
      if (told.origin !== undefined) {
        provider = newProvider(issuer, told.origin);
        provider.on("grant.error", (_, error) => console.error("refused:", error.error_detail ?? error));
      }
      seconds = told.seconds ?? seconds;
      if (told.there === false) {
        server.close();
        server.closeAllConnections();
      }
      if (told.there === true) await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
      process.stdout.write("heard\n");
    })
    .on("close", () => process.exit(0));
  process.stdout.write(`${issuer}\n`);
});
