import Anthropic from '@anthropic-ai/sdk';
import { server, model, thanks, weather, tools, report } from './cases.mjs';

const client = new Anthropic({ baseURL: server, apiKey: 'unused', maxRetries: 0 });
const request = {
  model, max_tokens: 1200, temperature: 0, thinking: { type: 'enabled', budget_tokens: 1024 },
  messages: [{ role: 'user', content: thanks }],
};
const kinds = (message) => message.content.map((block) => block.type).join(' ');
const text = (message) => message.content.filter((block) => block.type === 'text').map((block) => block.text).join('');

const plain = await client.messages.create(request);
report('plain', { text: text(plain), kinds: kinds(plain), reason: plain.stop_reason, tokens: plain.usage.output_tokens });

let pieces = 0;
const stream = client.messages.stream(request).on('text', () => pieces++);
const streamed = await stream.finalMessage();
report('streamed', { text: text(streamed), kinds: kinds(streamed), reason: streamed.stop_reason, pieces });

const turns = [{ role: 'user', content: weather }];
const offered = tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }));
const asked = { ...request, tools: offered };
const called = await client.messages.stream({ ...asked, messages: turns }).finalMessage();
const call = called.content.find((block) => block.type === 'tool_use');
turns.push({ role: 'assistant', content: called.content });
turns.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '{"temp": 14, "sky": "rainy"}' }] });
const told = await client.messages.create({ ...asked, messages: turns });
report('tool', { name: call.name, input: call.input, reason: called.stop_reason, text: text(told) });

const { input_tokens: counted } = await client.messages.countTokens({ model, messages: request.messages });
const refused = await client.messages.create({ ...request, model: 'other' }).catch((error) => error);
report('other', { counted, error: refused.constructor.name, status: refused.status });
