import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText, jsonSchema, stepCountIs, tool } from 'ai';
import { server, model, thanks, weather, tools, report } from './cases.mjs';

const provider = createOpenAICompatible({ name: 'glm5', baseURL: `${server}/v1`, includeUsage: true });
const request = { model: provider(model), temperature: 0, maxOutputTokens: 200, maxRetries: 0 };

const plain = await generateText({ ...request, prompt: thanks });
report('plain', { text: plain.text, reasoning: plain.reasoningText, reason: plain.finishReason, tokens: plain.usage.outputTokens });

let pieces = 0;
const streamed = streamText({ ...request, prompt: thanks });
for await (const _ of streamed.textStream) pieces++;
report('streamed', { text: await streamed.text, reasoning: await streamed.reasoningText, reason: await streamed.finishReason, pieces });

let input;
const run = (name) => async (given) => {
  input = { name, given };
  return { temp: 14, sky: 'rainy' };
};
const offered = Object.fromEntries(tools.map(({ name, description, parameters }) => [
  name, tool({ description, inputSchema: jsonSchema(parameters), execute: run(name) }),
]));
const told = streamText({ ...request, prompt: weather, tools: offered, stopWhen: stepCountIs(3) });
const text = await told.text;
const steps = await told.steps;
report('tool', { name: input.name, input: input.given, reason: steps[0].finishReason, text });
