using System.Net;
using System.Text.Json;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Anthropic;

/// <summary>Anthropic's API: the golden conversations, in its shapes.</summary>
[TestClass]
public sealed class MessagesTests
{
    private const string Messages = "/v1/messages";

    [TestMethod]
    public async Task Golden_conversations_continue_identically_streamed_and_whole()
    {
        RunningServer server = await SharedServer.Server;
        await Parallel.ForEachAsync(NanoGolden.Cases, async (golden, _) =>
        {
            JsonElement whole = await server.AnswerAsync(Messages, GoldenMessages.Request(golden, "}"));
            Assert.AreEqual(golden.PromptIds.Length, MessageEvents.PromptTokens(whole.At("usage")), golden.Name);
            Assert.AreEqual(golden.OutputIds.Length, whole.At("usage", "output_tokens").GetInt32(), golden.Name);
            List<JsonElement> events = await server.NamedEventsAsync(
                Messages, GoldenMessages.Request(golden, ", \"stream\": true}"));
            Assert.AreEqual(MessageEvents.Describe(whole), MessageEvents.Join(events), golden.Name);
            Assert.AreEqual(
                golden.PromptIds.Length, MessageEvents.PromptTokens(events[0].At("message", "usage")), golden.Name);
            Assert.AreEqual(golden.PromptIds.Length, MessageEvents.PromptTokens(events[^2].At("usage")), golden.Name);
        });
    }

    [TestMethod]
    public async Task A_message_holds_thinking_then_text_and_says_why_it_ended()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement message = await server.AnswerAsync(
            Messages, GoldenMessages.Request(NanoGolden.Case("greeting"), "}"));
        Assert.AreEqual("message", message.At("type").GetString());
        Assert.AreEqual("assistant", message.At("role").GetString());
        Assert.StartsWith("msg_", message.At("id").GetString()!);
        Assert.AreEqual("glm5-nano", message.At("model").GetString());
        Assert.AreEqual(JsonValueKind.Null, message.At("stop_sequence").ValueKind);
        Assert.StartsWith(
            "thinking[The user says thanks.] text[You are welcome!] end_turn ", MessageEvents.Describe(message));
    }

    [TestMethod]
    public async Task Without_the_field_nothing_is_thought_and_omitted_thoughts_are_not_shown()
    {
        RunningServer server = await SharedServer.Server;
        const string Thanks = "\"max_tokens\": 60, \"temperature\": 0, \"messages\": [{\"role\": \"user\", \"content\": \"Thanks!\"}]";
        JsonElement unasked = await server.AnswerAsync(Messages, "{" + Thanks + "}");
        Assert.AreEqual("text", unasked.At("content", 0, "type").GetString());
        JsonElement omitted = await server.AnswerAsync(
            Messages, "{" + Thanks + ", \"thinking\": {\"type\": \"adaptive\", \"display\": \"omitted\"}}");
        Assert.AreEqual("You are welcome!", omitted.At("content", 0, "text").GetString());
        Assert.AreEqual(17, omitted.At("usage", "output_tokens").GetInt32());
    }

    [TestMethod]
    public async Task A_stop_sequence_and_the_bound_of_tokens_are_told_apart()
    {
        RunningServer server = await SharedServer.Server;
        GoldenCase golden = NanoGolden.Case("greeting");
        JsonElement stopped = await server.AnswerAsync(
            Messages, GoldenMessages.Request(golden, ", \"stop_sequences\": [\" welcome\"]}"));
        Assert.AreEqual("stop_sequence", stopped.At("stop_reason").GetString());
        Assert.AreEqual(" welcome", stopped.At("stop_sequence").GetString());
        Assert.AreEqual("You are", stopped.At("content", 1, "text").GetString());
        JsonElement cut = await server.AnswerAsync(
            Messages, GoldenMessages.Request(golden, "}").Replace("\"max_tokens\": 400", "\"max_tokens\": 12", StringComparison.Ordinal));
        Assert.AreEqual("max_tokens", cut.At("stop_reason").GetString());
        Assert.AreEqual(12, cut.At("usage", "output_tokens").GetInt32());
    }

    [TestMethod]
    public async Task A_tool_call_goes_out_and_its_result_comes_back_behind_the_same_prefix()
    {
        RunningServer server = await SharedServer.Server;
        GoldenCase golden = NanoGolden.Case("tool_call");
        JsonElement message = await server.AnswerAsync(Messages, GoldenMessages.Request(golden, "}"));
        Assert.AreEqual("tool_use", message.At("stop_reason").GetString());
        Assert.StartsWith(
            "thinking[I need the weather in Paris. I will call get_weather.] get_weather{\"city\":\"Paris\",\"unit\":\"celsius\"} ",
            MessageEvents.Describe(message));
        string id = message.At("content", 1, "id").GetString()!;

        string next = GoldenMessages.Request(golden, "}").TrimEnd()[..^2]
            + $$"""
            , {"role": "assistant", "content": {{message.At("content").GetRawText()}}},
              {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "{{id}}", "content": "{\"temp\": 14}"}]}]}
            """;
        JsonElement answer = await server.AnswerAsync(Messages, next);
        Assert.AreEqual("end_turn", answer.At("stop_reason").GetString());

        // The prompt and the answer as they were, and the tokens of one short result.
        int before = golden.PromptIds.Length + golden.OutputIds.Length;
        Assert.IsGreaterThan(before, MessageEvents.PromptTokens(answer.At("usage")));
        Assert.IsLessThan(before + 30, MessageEvents.PromptTokens(answer.At("usage")));
    }

    [TestMethod]
    public async Task Earlier_thinking_stays_in_the_prompt()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement counted = await server.AnswerAsync(
            "/v1/messages/count_tokens", """
            {"model": "glm5-nano", "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
             "thinking": {"type": "enabled", "budget_tokens": 2000}, "messages": [{"role": "user", "content": "Thanks!"},
              {"role": "assistant", "content": [{"type": "thinking", "thinking": "The user says thanks.", "signature": "x"},
                {"type": "redacted_thinking", "data": "xyz"}, {"type": "text", "text": "You are welcome!"}]},
              {"role": "user", "content": [{"type": "text", "text": "What is the KV cache?"}]}]}
            """);
        JsonElement tokens = await server.AnswerAsync(
            "/tokenize", """
            {"chat_template_kwargs": {"clear_thinking": false}, "messages": [{"role": "system", "content": "Be brief."},
              {"role": "user", "content": "Thanks!"},
              {"role": "assistant", "reasoning_content": "The user says thanks.", "content": "You are welcome!"},
              {"role": "user", "content": "What is the KV cache?"}]}
            """);
        Assert.AreEqual(tokens.At("count").GetInt32(), counted.At("input_tokens").GetInt32());
    }

    [TestMethod]
    public async Task Blocks_of_text_and_results_become_messages_in_their_order()
    {
        RunningServer server = await SharedServer.Server;
        JsonElement counted = await server.AnswerAsync(
            "/v1/messages/count_tokens", """
            {"system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cch=1f00;"}, {"type": "text", "text": "Be brief."}],
             "messages": [{"role": "user", "content": "Look."},
              {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}, {"type": "tool_use", "id": "b", "name": "g", "input": {}}]},
              {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
                {"type": "tool_result", "tool_use_id": "b", "is_error": true, "content": "no such file"}, {"type": "text", "text": "Go on."}]}]}
            """);
        JsonElement tokens = await server.AnswerAsync(
            "/tokenize", """
            {"chat_template_kwargs": {"enable_thinking": false}, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Look."},
              {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}, {"id": "b", "function": {"name": "g", "arguments": {}}}]},
              {"role": "tool", "tool_call_id": "a", "content": "one\ntwo"}, {"role": "tool", "tool_call_id": "b", "content": "Error: no such file"},
              {"role": "user", "content": "Go on."}]}
            """);
        Assert.AreEqual(tokens.At("count").GetInt32(), counted.At("input_tokens").GetInt32());
    }

    [TestMethod]
    public async Task What_agents_send_without_effect_is_taken()
    {
        RunningServer server = await SharedServer.Server;
        using var content = new StringContent(
            """
            {"model": "glm5-nano", "max_tokens": 40, "stream": false, "metadata": {"user_id": "u"}, "service_tier": "auto", "mcp_servers": [],
             "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}, "output_config": {"effort": "medium"},
             "thinking": {"type": "adaptive"}, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
             "system": [{"type": "text", "text": "You are an agent.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
             "tools": [{"name": "Read", "description": "Reads a file.", "input_schema": {"$schema": "x", "type": "object", "properties": {}}, "strict": false, "eager_input_streaming": true}],
             "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello!", "cache_control": {"type": "ephemeral"}}]}]}
            """, null, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages?beta=true") { Content = content };
        request.Headers.Add("anthropic-version", "2023-06-01");
        request.Headers.Add("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27");
        using HttpResponseMessage response = await server.Http.SendAsync(request);
        JsonElement message = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, message.ToString());
        Assert.StartsWith("req-", response.Headers.GetValues("request-id").Single());
    }

    [TestMethod]
    public async Task Tools_are_not_called_when_tool_choice_is_none()
    {
        RunningServer server = await SharedServer.Server;
        GoldenCase golden = NanoGolden.Case("tool_call");
        JsonElement message = await server.AnswerAsync(
            Messages, GoldenMessages.Request(golden, ", \"tool_choice\": {\"type\": \"none\"}}"));
        Assert.AreNotEqual("tool_use", message.At("stop_reason").GetString());
        Assert.IsLessThan(golden.PromptIds.Length, MessageEvents.PromptTokens(message.At("usage")));
    }
}
