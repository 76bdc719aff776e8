namespace Glm5.Tests.Clients.Page;

/// <summary>
/// Stands in for the server inside the page, so that a test decides when each piece of an answer arrives:
/// <c>say(delta)</c>, <c>finish()</c>, <c>hangUp()</c>; <c>refuse(status, message)</c> for the next request; what was sent
/// is in <c>sent</c>, the keys in <c>keys</c>, and <c>health</c> is what the server says of itself.
/// </summary>
internal static class ScriptedServer
{
    public const string Script = """
        globalThis.health = { status: 'ready', phase: 'ready', model: 'glm5-nano' };
        globalThis.sent = [];
        globalThis.keys = [];
        let refusal = null;
        let stream = null;
        const write = text => stream.enqueue(new TextEncoder().encode(text));
        const event = chunk => write(`data: ${JSON.stringify(chunk)}\n\n`);
        globalThis.say = delta => event({ choices: [{ index: 0, delta, finish_reason: null }] });
        globalThis.finish = (reason = 'stop') => {
          event({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
          event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 7, total_tokens: 10 } });
          write('data: [DONE]\n\n');
          stream.close();
        };
        globalThis.hangUp = () => stream.close();
        globalThis.refuse = (status, message) => { refusal = { status, message }; };
        globalThis.fetch = async (address, options) => {
          if (address === 'health') return new Response(JSON.stringify(health), { status: health.status === 'ready' ? 200 : 503 });
          sent.push(JSON.parse(options.body));
          keys.push(options.headers.Authorization ?? '');
          if (refusal) {
            const { status, message } = refusal;
            refusal = null;
            return new Response(JSON.stringify({ error: { message } }), { status });
          }
          return new Response(new ReadableStream({
            start(controller) {
              stream = controller;
              options.signal.addEventListener('abort', () => controller.error(options.signal.reason));
            },
          }));
        };
        """;

    /// <summary>Opens the page on it.</summary>
    public static async Task<Tab> OpenAsync(Chromium chromium, Uri page, int width = 1100, string more = "")
    {
        Tab tab = await chromium.OpenAsync(page, Script + more, width);
        await tab.UntilAsync("document.body.dataset.server");
        return tab;
    }

    /// <summary>Types a message, sends it, and waits until the page has asked.</summary>
    public static async Task AskAsync(this Tab tab, string message)
    {
        int before = await tab.EvaluateAsync<int>("sent.length");
        await tab.EvaluateAsync<bool>("document.getElementById('prompt').focus()");
        await tab.TypeAsync(message);
        await tab.PressAsync("Enter");
        await tab.UntilAsync($"sent.length > {before}");
    }

    /// <summary>Lets a piece of text arrive.</summary>
    public static Task SayAsync(this Tab tab, string content) => tab.EvaluateAsync<bool>($"say({{ content: {Tab.Quoted(content)} }})");

    /// <summary>Lets a piece of thinking arrive, in both of its names.</summary>
    public static Task ThinkAsync(this Tab tab, string text) =>
        tab.EvaluateAsync<bool>($"say({{ reasoning_content: {Tab.Quoted(text)}, reasoning: {Tab.Quoted(text)} }})");

    /// <summary>Ends the answer.</summary>
    public static async Task FinishAsync(this Tab tab, string reason = "stop")
    {
        await tab.EvaluateAsync<bool>($"finish('{reason}')");
        await tab.UntilAsync("document.querySelector('.answer:last-child')?.dataset.state === 'done'");
    }
}
