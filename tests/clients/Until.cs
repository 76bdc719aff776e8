namespace Glm5.Tests.Clients;

/// <summary>Waits for what another thread is about to do.</summary>
internal static class Until
{
    /// <summary>Returns when the condition holds; fails with the sentence when it does not for a long time.</summary>
    public static async Task TrueAsync(Func<bool> holds, string otherwise)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            Assert.IsFalse(bound.IsCancellationRequested, otherwise);
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
