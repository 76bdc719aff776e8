// What every client is put through: a plain chat, a streamed one, and a tool call. Prints one JSON object a line.
export const server = process.env.GLM5_URL;
export const model = 'glm5-nano';
export const thanks = 'Thanks!';
export const weather = 'What is the weather in Paris in celsius?';
export const tools = JSON.parse(process.env.GLM5_TOOLS).map((tool) => tool.function);

export function report(name, answer) {
  process.stdout.write(`${JSON.stringify({ case: name, ...answer })}\n`);
}
