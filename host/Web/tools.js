// The tools that the model may call: pasted as JSON, in whichever API's form.

/** A pasted text as tools in the chat's own form: { tools } or { error }, a sentence for people. */
export function parseTools(text) {
  if (text.trim() === '') return { tools: [] };
  let pasted;
  try {
    pasted = JSON.parse(text);
  } catch (error) {
    return { error: `Not JSON: ${error.message}` };
  }
  const list = pasted?.tools ?? pasted;
  const tools = [];
  for (const [at, item] of (Array.isArray(list) ? list : [list]).entries()) {
    const tool = normalised(item);
    if (!tool) return { error: `Tool ${at + 1} has no name; expected {"name", "description", "parameters"}.` };
    if (tools.some(other => other.function.name === tool.function.name)) {
      return { error: `Two tools are called ${tool.function.name}.` };
    }
    tools.push(tool);
  }
  return { tools };
}

/** OpenAI's form, nested or flat, or Anthropic's; null for anything else. */
function normalised(item) {
  const from = item?.function ?? item;
  if (typeof from?.name !== 'string' || from.name === '') return null;
  const made = { name: from.name };
  if (typeof from.description === 'string') made.description = from.description;
  const parameters = from.parameters ?? from.input_schema;
  if (parameters !== undefined) made.parameters = parameters;
  if (from.strict === true) made.strict = true;
  return { type: 'function', function: made };
}

/** The names, each with what it takes, for the list below the field. */
export function describeTools(tools) {
  return tools.map(({ function: { name, description, parameters } }) => ({
    name,
    takes: Object.keys(parameters?.properties ?? {}).join(', '),
    description: description ?? '',
  }));
}
