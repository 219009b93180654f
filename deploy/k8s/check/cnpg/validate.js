// Holds the clusters on standard input, a JSON array, to the types of CloudNativePG's API. Says what is wrong, and exits 1.
import { Cluster } from "@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1/Cluster";

let text = "";
for await (const part of process.stdin) text += part;
for (const each of JSON.parse(text)) {
  try {
    new Cluster(each).validate();
  } catch (error) {
    console.log(`${each.metadata.name}: ${error.message}`);
    process.exitCode = 1;
  }
}
