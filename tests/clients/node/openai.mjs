import OpenAI from 'openai';
import { server, model, thanks, weather, tools, report } from './cases.mjs';

const client = new OpenAI({ baseURL: `${server}/v1`, apiKey: 'unused', maxRetries: 0 });
const request = { model, max_tokens: 200, temperature: 0, messages: [{ role: 'user', content: thanks }] };

const plain = await client.chat.completions.create(request);
report('plain', { text: plain.choices[0].message.content, reason: plain.choices[0].finish_reason });

let pieces = 0;
const stream = client.chat.completions.stream(request).on('content', () => pieces++);
const streamed = await stream.finalChatCompletion();
report('streamed', { text: streamed.choices[0].message.content, reason: streamed.choices[0].finish_reason, pieces });

const offered = tools.map((tool) => ({ type: 'function', function: tool }));
const turns = [{ role: 'user', content: weather }];
const asked = { ...request, tools: offered };
const called = (await client.chat.completions.stream({ ...asked, messages: turns }).finalChatCompletion()).choices[0];
const call = called.message.tool_calls[0];
turns.push(called.message, { role: 'tool', tool_call_id: call.id, content: '{"temp": 14, "sky": "rainy"}' });
const told = await client.chat.completions.create({ ...asked, messages: turns });
report('tool', {
  name: call.function.name, input: JSON.parse(call.function.arguments), reason: called.finish_reason,
  text: told.choices[0].message.content,
});
