/* Tactful as middleware of the Vercel AI SDK (`ai` 7): the model is told what `tactful live serve` advises on each turn.

    tactful live serve --mode advise --port 8000

    import { wrapLanguageModel, generateText } from "ai";
    import { tactful } from "./vercel_ai_sdk.mjs";
    const model = wrapLanguageModel({ model: openai("gpt-4.1-mini"), middleware: tactful() });
    await generateText({ model, messages, providerOptions: { tactful: { user: "ann" } } });

   Where the server does not answer in time, the model is asked as without it. The next request of a conversation, known by
   how it begins, tells the server what came of the answer. */

export function tactful({ url = "http://127.0.0.1:8000", key = "none", timeoutMs = 200 } = {}) {
  const facts = new Map(); // a turn of several steps is decided once, and told at each of them
  return {
    specificationVersion: "v4",
    async transformParams({ params }) {
      const last = params.prompt.findLastIndex(({ role }) => role === "user");
      const messages = params.prompt.slice(0, last + 1).map(plain).filter(({ content }) => content.trim());
      const asked = JSON.stringify({ messages, ...params.providerOptions?.tactful });
      if (!facts.has(asked)) {
        if (facts.size > 1000) facts.clear();
        facts.set(asked, await factFor(asked, { url, key, timeoutMs }));
      }
      const fact = facts.get(asked);
      if (!fact) return params;
      const front = params.prompt.findIndex(({ role }) => role !== "system"); // elsewhere, some providers take none
      return { ...params, prompt: params.prompt.toSpliced(front, 0, { role: "system", content: fact }) };
    },
  };
}

async function factFor(body, { url, key, timeoutMs }) {
  try {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${key}` };
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(`${url}/v1/advice`, { method: "POST", headers, body, signal });
    return answer.ok ? (await answer.json()).behaviour : "";
  } catch {
    return ""; // the model goes on as before
  }
}

function plain({ role, content }) {
  const text = typeof content === "string" ? content : content.filter(({ type }) => type === "text").map(({ text }) => text).join("\n");
  return { role: role === "tool" ? "assistant" : role, content: role === "tool" ? "" : text };
}
