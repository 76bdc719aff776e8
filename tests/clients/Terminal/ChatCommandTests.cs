using System.Diagnostics;
using Glm5.Tests.Clients.Api;

namespace Glm5.Tests.Clients.Terminal;

/// <summary><c>glm5 chat</c> as a process of its own, with input and output redirected.</summary>
[TestClass]
public sealed class ChatCommandTests
{
    private static RunningServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _server = await SharedServer.Server;

    [TestMethod]
    public async Task A_piped_question_gets_the_answer_alone()
    {
        (int code, string output, string error) = await RunAsync("What is 50 + 26?\n", "--url", _server.Address.ToString(), "--temperature", "0");
        Assert.AreEqual("50 + 26 = 76\n", output);
        Assert.AreEqual("", error);
        Assert.AreEqual(0, code);
    }

    [TestMethod]
    public async Task Without_an_address_the_embedded_model_answers()
    {
        (int code, string output, string error) = await RunAsync("Repeat these words: plum, wolf", "--no-thinking", "--temperature", "0", "--threads", "2");
        Assert.AreEqual("plum, wolf\n", output, error);
        Assert.AreEqual(0, code);
    }

    [TestMethod]
    [DataRow("hello", 7, "no server answers at http://127.0.0.1:1/", new[] { "--url", "http://127.0.0.1:1" })]
    [DataRow("", 2, "standard input is empty", new[] { "--url", "http://127.0.0.1:1" })]
    [DataRow("hello", 2, "--url is 'nowhere'; expected an address", new[] { "--url", "nowhere" })]
    [DataRow("hello", 2, "--temperature is 'hot'; expected a number from 0 to 2", new[] { "--temperature", "hot" })]
    [DataRow("hello", 2, "a model and --url exclude each other", new[] { "glm5-nano", "--url", "http://127.0.0.1:1" })]
    [DataRow("hello", 2, "there is no folder '/no/such/model'", new[] { "/no/such/model" })]
    public async Task What_cannot_be_done_is_said_and_has_its_exit_code(string input, int expected, string sentence, string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(input, arguments);
        Assert.AreEqual(expected, code, error);
        Assert.Contains(sentence, error);
        Assert.AreEqual("", output);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "glm5.dll"), "chat", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }
}
