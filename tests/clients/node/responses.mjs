import OpenAI from 'openai';
import { server, model, thanks, weather, tools, report } from './cases.mjs';

const client = new OpenAI({ baseURL: `${server}/v1`, apiKey: 'unused', maxRetries: 0 });
const request = { model, max_output_tokens: 200, temperature: 0, input: thanks };
const kinds = (response) => response.output.map((item) => item.type).join(' ');

const plain = await client.responses.create(request);
report('plain', { text: plain.output_text, kinds: kinds(plain), reason: plain.status });

let pieces = 0;
const stream = client.responses.stream(request).on('response.output_text.delta', () => pieces++);
const streamed = await stream.finalResponse();
report('streamed', { text: streamed.output_text, kinds: kinds(streamed), reason: streamed.status, pieces });

const offered = tools.map((tool) => ({ type: 'function', strict: false, ...tool }));
const input = [{ role: 'user', content: weather }];
const asked = { ...request, tools: offered };
const called = await client.responses.stream({ ...asked, input }).finalResponse();
const call = called.output.find((item) => item.type === 'function_call');
input.push(...called.output, { type: 'function_call_output', call_id: call.call_id, output: '{"temp": 14, "sky": "rainy"}' });
const told = await client.responses.create({ ...asked, input });
report('tool', { name: call.name, input: JSON.parse(call.arguments), reason: called.status, text: told.output_text });
