// One streamed chat completion: a request in, pieces out.

/** What the server or the way to it refused, as a sentence for people; status is HTTP's, where there is one. */
export class CompletionError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * Streams a completion.
 * @param {object} request the fields of a chat completion, without those of streaming.
 * @param {string} key the API key; empty for none.
 * @yields {{ content?: string, reasoning?: string, calls?: object[], finish?: string, usage?: object }}
 * @throws {CompletionError} with a sentence; DOMException AbortError when the signal stops it.
 */
export async function* streamCompletion(request, key, signal) {
  const response = await post(request, key, signal);
  let complete = false;
  for await (const data of events(response.body, signal)) {
    if (data === '[DONE]') {
      complete = true;
      break;
    }
    yield piece(data);
  }
  if (!complete) throw new CompletionError('The answer broke off: the server closed the connection.');
}

async function post(request, key, signal) {
  let response;
  try {
    response = await fetch('v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
      signal,
    });
  } catch (error) {
    throw signal.aborted ? error : new CompletionError('The server does not answer. Is it still running?');
  }
  if (!response.ok) throw new CompletionError(await refusal(response), response.status);
  return response;
}

async function refusal(response) {
  const body = await response.text().catch(() => '');
  try {
    const message = JSON.parse(body).error.message;
    if (message) return sentence(message);
  } catch {
    // Not our server's error: the status has to do.
  }
  return `The server refused the request (HTTP ${response.status}).`;
}

function sentence(message) {
  const text = message.trim();
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

function piece(data) {
  let chunk;
  try {
    chunk = JSON.parse(data);
  } catch {
    throw new CompletionError('The server sent something that is not a completion.');
  }
  if (chunk.error) throw new CompletionError(sentence(chunk.error.message || 'the answer ended with an error'));
  const choice = chunk.choices?.[0];
  return {
    content: choice?.delta?.content ?? undefined,
    reasoning: choice?.delta?.reasoning_content ?? choice?.delta?.reasoning ?? undefined,
    calls: choice?.delta?.tool_calls ?? undefined,
    finish: choice?.finish_reason ?? undefined,
    usage: chunk.usage ?? undefined,
  };
}

/** The data of each server-sent event. Comments and other fields are skipped. */
async function* events(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith('data:')) yield line.slice(5).trim();
      }
    }
  } catch (error) {
    throw signal.aborted ? error : new CompletionError('The answer broke off: the connection was lost.');
  } finally {
    reader.cancel().catch(() => {});
  }
}
