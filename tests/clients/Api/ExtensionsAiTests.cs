using System.ClientModel;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Glm5.Tests.Clients.Api;

/// <summary>.NET's own abstraction, Microsoft.Extensions.AI, with its loop that calls tools by itself.</summary>
[TestClass]
public sealed class ExtensionsAiTests
{
    private static readonly ChatOptions s_greedy = new() { Temperature = 0, MaxOutputTokens = 200 };

    [TestMethod]
    public async Task A_plain_chat_is_answered_and_counted()
    {
        using IChatClient client = await ClientAsync();
        ChatResponse answer = await client.GetResponseAsync("Thanks!", s_greedy);
        Assert.AreEqual("You are welcome!", answer.Text);
        Assert.AreEqual(ChatFinishReason.Stop, answer.FinishReason);
        Assert.AreEqual(17, answer.Usage?.OutputTokenCount);
    }

    [TestMethod]
    public async Task A_streamed_chat_comes_in_pieces()
    {
        using IChatClient client = await ClientAsync();
        var pieces = new List<string>();
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Thanks!", s_greedy))
        {
            if (update.Text.Length > 0)
                pieces.Add(update.Text);
        }

        Assert.AreEqual("You are welcome!", string.Concat(pieces));
        Assert.IsGreaterThan(3, pieces.Count);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_tool_is_called_and_its_result_told(bool streamed)
    {
        using IChatClient client = (await ClientAsync()).AsBuilder().UseFunctionInvocation().Build();
        Tool[] tools = [.. NanoGolden.Case("tool_call").Tools.EnumerateArray().Select(tool => new Tool(tool.At("function")))];
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 200, Tools = [.. tools] };
        const string question = "What is the weather in Paris in celsius?";
        ChatResponse answer = streamed
            ? await client.GetStreamingResponseAsync(question, options).ToChatResponseAsync()
            : await client.GetResponseAsync(question, options);
        Assert.AreEqual("Paris", tools.Single(tool => tool.Name == "get_weather").City);
        Assert.AreEqual("It is 14 degrees and rainy in Paris.", answer.Messages[^1].Text);
        Assert.AreEqual(ChatFinishReason.Stop, answer.FinishReason);
    }

    private static async Task<IChatClient> ClientAsync()
    {
        RunningServer server = await SharedServer.Server;
        var options = new OpenAIClientOptions { Endpoint = new Uri(server.Address, "v1") };
        return new OpenAIClient(new ApiKeyCredential("unused"), options).GetChatClient("glm5-nano").AsIChatClient();
    }

    /// <summary>A tool that the embedded model was trained with, under its own schema; all answer with the weather.</summary>
    private sealed class Tool(JsonElement function) : AIFunction
    {
        public string? City { get; private set; }

        public override string Name => function.At("name").GetString()!;

        public override string Description => function.At("description").GetString()!;

        public override JsonElement JsonSchema => function.At("parameters");

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
        {
            City = arguments.TryGetValue("city", out object? city) ? city?.ToString() : null;
            return ValueTask.FromResult<object?>(JsonElement.Parse("""{"temp": 14, "sky": "rainy"}"""));
        }
    }
}
