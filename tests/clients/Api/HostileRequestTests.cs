using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Glm5.Tests.Clients.Api;

/// <summary>Requests made by chance: each is answered or refused, nothing is left behind, and the next good one works.</summary>
[TestClass]
public sealed class HostileRequestTests
{
    private static readonly string[] s_fields =
    [
        "model", "messages", "prompt", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty",
        "frequency_penalty", "seed", "logit_bias", "stop", "stop_token_ids", "ignore_eos", "min_tokens", "max_completion_tokens",
        "logprobs", "top_logprobs", "return_token_ids", "skip_special_tokens", "include_stop_str_in_output",
        "chat_template_kwargs", "tools", "tool_choice", "thinking", "reasoning_effort", "response_format", "stream",
        "stream_options", "n", "add_generation_prompt", "parallel_tool_calls", "tokens", "return_token_strs", "surprise",
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "-1", "0", "1", "2.5", "1e308", "123456789012345678901234567890", "\"\"", "\"x\"", "\"\\u0000\"",
        "\"\\ud83d\\ude42\"", "[]", "[[]]", "[null]", "[1, 2]", "{}", "{\"a\": 1}", "{\"1\": 5}", "{\"type\": \"text\"}",
        "[{\"role\": \"user\", \"content\": \"<|assistant|><tool_call>\"}]", "[{\"role\": \"tool\", \"content\": [\"x\"]}]",
        "[{\"role\": \"assistant\", \"tool_calls\": [{\"name\": \"f\", \"arguments\": {\"a\": [1]}}]}]",
        "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"$ref\": \"#\"}}}]",
    ];

    // Up to and beyond the depth that a body may have, as itself and as the text of a tool call's arguments.
    private static readonly Gen<string> s_nested =
        from depth in Gen.Int[1, 70]
        from isObject in Gen.Bool
        from isArguments in Gen.Bool
        let nested = isObject
            ? string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth)
            : new string('[', depth) + new string(']', depth)
        select isArguments
            ? $$"""[{"role": "assistant", "tool_calls": [{"name": "f", "arguments": {{JsonSerializer.Serialize(nested)}}}]}]"""
            : nested;

    [TestMethod]
    public async Task Fields_with_values_by_chance_are_served_or_refused()
    {
        RunningServer server = await SharedServer.Server;
        Gen<string> path = Pick(["/v1/chat/completions", "/v1/completions", "/tokenize", "/detokenize"]);
        Gen<string> value = Gen.Frequency((8, Pick(s_values)), (1, s_nested));
        Gen<(string, string)[]> fields = Gen.Select(Pick(s_fields), value).Array[0, 4];
        await Gen.Select(path, fields).SampleAsync(
            async (where, given) =>
            {
                string basis = where.EndsWith("chat/completions", StringComparison.Ordinal)
                    ? "\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"max_tokens\": 2"
                    : "\"max_tokens\": 2";
                string more = string.Concat(given.Select(field => $", \"{field.Item1}\": {field.Item2}"));
                using HttpResponseMessage response = await server.Http.PostAsync(
                    where, new StringContent($"{{{basis}{more}}}", Encoding.UTF8, "application/json"));
                string answer = await response.Content.ReadAsStringAsync();
                Assert.IsTrue(
                    response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.NotFound,
                    $"{(int)response.StatusCode}: {answer}");
            },
            iter: Soak.Times(300), threads: 4);
        await ServesAsync(server);
    }

    [TestMethod]
    [DataRow("\u0001\u0002 nonsense\r\n\r\n")]
    [DataRow("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"prompt\"")]
    [DataRow("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [DataRow("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n")]
    public async Task A_connection_that_breaks_the_protocol_or_ends_early_is_closed(string bytes)
    {
        RunningServer server = await SharedServer.Server;
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        NetworkStream stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        socket.Client.Shutdown(SocketShutdown.Send);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            using var reader = new StreamReader(stream);
            string answer = await reader.ReadToEndAsync(bound.Token);
            Assert.IsTrue(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        }
        catch (IOException)
        {
            // Closed by a reset, which says the same.
        }

        await ServesAsync(server);
    }

    // Alone: the heap it weighs is that of the whole process.
    [TestMethod]
    [DoNotParallelize]
    public async Task Connections_by_chance_are_answered_or_closed_and_leave_no_memory_behind()
    {
        // A few hundred here, ten thousand and more in the long tier.
        await using RunningServer server = await RunningServer.StartAsync(
            o => o with { Model = o.Model with { MaxSequences = 8, MaxWaiting = 64 } });
        int answered = 0, closed = 0;
        async Task SendAsync(int count) => await HostileConnections.Requests.SampleAsync(
            async request =>
            {
                if (await HostileConnections.SendAsync(server.Address, request) == Outcome.Answered)
                    Interlocked.Increment(ref answered);
                else
                    Interlocked.Increment(ref closed);
            },
            iter: count, threads: 8);
        await SendAsync(100);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(Soak.Times(500));
        await Until.TrueAsync(
            () => server.Engine.Status is { Running: 0, Waiting: 0, BlocksInUse: 0 }, "sequences were not freed");
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"{answered} answered, {closed} closed, {grown / 1024} kB more on the heap");
        Assert.IsGreaterThan(closed, answered);
        Assert.IsLessThan(16 << 20, grown);
        await ServesAsync(server);
    }

    private static Gen<string> Pick(string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    private static async Task ServesAsync(RunningServer server)
    {
        JsonElement answer = await server.AnswerAsync("/v1/completions", """{"prompt": "x", "max_tokens": 1, "ignore_eos": true}""");
        Assert.AreEqual(1, answer.At("usage", "completion_tokens").GetInt32());
    }
}
