namespace Glm5.Tests.Clients.Api;

/// <summary>One server with the embedded model for the tests that only ask it questions.</summary>
[TestClass]
public static class SharedServer
{
    private static readonly Lazy<Task<RunningServer>> s_server = new(() => RunningServer.StartAsync());

    /// <summary>The server, ready.</summary>
    internal static Task<RunningServer> Server => s_server.Value;

    [AssemblyCleanup]
    public static async Task StopAsync()
    {
        if (s_server.IsValueCreated)
            await (await s_server.Value).DisposeAsync();
    }
}
