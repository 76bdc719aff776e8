using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace Glm5.Tests.Clients.Api;

/// <summary>The official SDK, as our users have it.</summary>
[TestClass]
public sealed class SdkTests
{
    private static readonly ChatCompletionOptions s_greedy = new() { Temperature = 0, MaxOutputTokenCount = 200 };

    [TestMethod]
    public async Task The_sdk_completes_a_plain_chat()
    {
        ChatClient client = await ClientAsync();
        ChatCompletion answer = await client.CompleteChatAsync([new UserChatMessage("Thanks!")], s_greedy);
        Assert.AreEqual("You are welcome!", answer.Content[0].Text);
        Assert.AreEqual(ChatFinishReason.Stop, answer.FinishReason);
        Assert.AreEqual(17, answer.Usage.OutputTokenCount);
        Assert.AreEqual(9, answer.Usage.OutputTokenDetails.ReasoningTokenCount);
    }

    [TestMethod]
    public async Task The_sdk_completes_a_streamed_chat()
    {
        ChatClient client = await ClientAsync();
        var text = new StringBuilder();
        ChatFinishReason? reason = null;
        int updates = 0;
        UserChatMessage[] messages = [new("Thanks!")];
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, s_greedy))
        {
            updates++;
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            reason = update.FinishReason ?? reason;
        }

        Assert.AreEqual("You are welcome!", text.ToString());
        Assert.AreEqual(ChatFinishReason.Stop, reason);
        Assert.IsGreaterThan(5, updates);
    }

    [TestMethod]
    public async Task The_sdk_gets_a_tool_call()
    {
        ChatClient client = await ClientAsync();
        GoldenCase golden = NanoGolden.Cases.First(c => c.OutputText.Contains("<tool_call>", StringComparison.Ordinal));
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 200 };
        foreach (System.Text.Json.JsonElement tool in golden.Tools.EnumerateArray())
        {
            options.Tools.Add(ChatTool.CreateFunctionTool(
                tool.At("function", "name").GetString(), tool.At("function", "description").GetString(),
                BinaryData.FromString(tool.At("function", "parameters").GetRawText())));
        }

        ChatMessage[] messages = [.. golden.Messages.EnumerateArray().Select(Message)];
        ChatCompletion answer = await client.CompleteChatAsync(messages, options);
        Assert.AreEqual(ChatFinishReason.ToolCalls, answer.FinishReason);
        Assert.IsTrue(
            golden.OutputText.Contains($"<tool_call>{answer.ToolCalls[0].FunctionName}", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task The_sdk_reads_our_errors()
    {
        ChatClient client = await ClientAsync("glm-6");
        ClientResultException error = await Assert.ThrowsExactlyAsync<ClientResultException>(
            async () => await client.CompleteChatAsync([new UserChatMessage("Hi")], s_greedy));
        Assert.AreEqual(404, error.Status);
        Assert.Contains("glm-6", error.Message);
    }

    private static async Task<ChatClient> ClientAsync(string model = "glm5-nano")
    {
        RunningServer server = await SharedServer.Server;
        var options = new OpenAIClientOptions { Endpoint = new Uri(server.Address, "v1") };
        return new ChatClient(model, new ApiKeyCredential("unused"), options);
    }

    private static ChatMessage Message(System.Text.Json.JsonElement message)
    {
        string text = message.At("content").GetString()!;
        return message.At("role").GetString() == "system" ? new SystemChatMessage(text) : new UserChatMessage(text);
    }
}
