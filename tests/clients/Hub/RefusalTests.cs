using Glm5.Host.Hub;
using Microsoft.AspNetCore.Http;

namespace Glm5.Tests.Clients.Hub;

/// <summary>Every refusal says what to do, and only what can pass is tried again.</summary>
[TestClass]
public sealed class RefusalTests
{
    private static readonly HubToken s_token = HubToken.From("hf_secret", "HF_TOKEN")!;

    [TestMethod]
    [DataRow(401, "", false, HubFault.Denied, "private or gated, or there is no such model")]
    [DataRow(401, "RepoNotFound", false, HubFault.Denied, "set HF_TOKEN")]
    [DataRow(401, "", true, HubFault.Denied, "does not accept the token of HF_TOKEN")]
    [DataRow(401, "GatedRepo", false, HubFault.Denied, "is gated: accept its terms at")]
    [DataRow(403, "GatedRepo", true, HubFault.Denied, "is gated: accept its terms at")]
    [DataRow(403, "", true, HubFault.Denied, "may not read org/name")]
    [DataRow(403, "", false, HubFault.Denied, "without an account")]
    [DataRow(404, "RepoNotFound", false, HubFault.NotFound, "has no model org/name")]
    [DataRow(404, "RevisionNotFound", false, HubFault.NotFound, "no revision 'main'")]
    [DataRow(410, "", false, HubFault.NotFound, "has no model org/name")]
    [DataRow(418, "", false, HubFault.Unreachable, "is the endpoint")]
    public async Task A_final_status_is_a_sentence_after_one_request(
        int status, string code, bool hasToken, object fault, string words)
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Instead = http =>
        {
            http.Response.StatusCode = status;
            if (code.Length > 0)
                http.Response.Headers["X-Error-Code"] = code;
            return Task.FromResult(true);
        };
        HubException refusal = await bench.RefusalAsync(bench.Settings(token: hasToken ? s_token : null));
        Assert.AreEqual((HubFault)fault, refusal.Fault);
        Assert.Contains(words, refusal.Message);
        Assert.DoesNotContain("hf_secret", refusal.Message);
        Assert.HasCount(1, bench.Hub.Seen);
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(bench.Root));
    }

    [TestMethod]
    public async Task A_busy_hub_is_asked_again_after_the_time_that_it_names()
    {
        await using HubBench bench = await HubBench.StartAsync();
        int asked = 0;
        bench.Hub.Instead = http => Task.FromResult(Busy(http, Interlocked.Increment(ref asked) == 1, "7"));
        bench.RequireServable((await bench.PullAsync()).Folder);
        Assert.Contains(
            "is busy (status 429); trying again in 7.0 s (retry 1 of 5)", string.Join('\n', bench.Log.Lines));
    }

    [TestMethod]
    public async Task A_wait_beyond_the_bound_is_left_to_the_person()
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Instead = http => Task.FromResult(Busy(http, true, "3600"));
        HubException refusal = await bench.RefusalAsync();
        Assert.AreEqual(HubFault.Unreachable, refusal.Fault);
        Assert.Contains("asks to wait 1 h 00 min", refusal.Message);
        Assert.HasCount(1, bench.Hub.Seen);
    }

    [TestMethod]
    public async Task A_failing_hub_is_given_up_after_its_retries_with_doubling_waits()
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Instead = http =>
        {
            http.Response.StatusCode = 502;
            return Task.FromResult(true);
        };
        HubException refusal = await bench.RefusalAsync();
        Assert.AreEqual(HubFault.Unreachable, refusal.Fault);
        Assert.Contains("status 502, 6 times in a row", refusal.Message);
        Assert.HasCount(6, bench.Hub.Seen);
        Assert.Contains("in 1.0 s (retry 1 of 5)", bench.Log.Lines[0]);
        Assert.Contains("in 16.0 s (retry 5 of 5)", bench.Log.Lines[4]);
    }

    [TestMethod]
    [DataRow(403)]
    [DataRow(404)]
    public async Task A_store_that_refuses_an_old_address_is_asked_with_a_new_one(int status)
    {
        await using HubBench bench = await HubBench.StartAsync();
        int asked = 0;
        bench.Hub.Instead = http =>
        {
            bool refuses = http.Request.Host.Host == "localhost" && Interlocked.Increment(ref asked) <= 2;
            if (refuses)
                http.Response.StatusCode = status;
            return Task.FromResult(refuses);
        };
        bench.RequireServable((await bench.PullAsync()).Folder);
        Assert.Contains($"keeps its files, answered with status {status}; trying again", bench.Log.Lines[1]);
    }

    [TestMethod]
    public async Task A_disk_that_is_too_small_is_found_before_the_weights_with_both_figures()
    {
        await using HubBench bench = await HubBench.StartAsync();
        HubException refusal = await bench.RefusalAsync(bench.Settings(freeBytes: _ => 123_456));
        Assert.AreEqual(HubFault.Disk, refusal.Fault);
        Assert.Contains("2 file(s) need 500 kB", refusal.Message);
        Assert.Contains("has 123 kB free: free 377 kB more", refusal.Message);
        Assert.DoesNotContain(seen => seen.Path.EndsWith(".safetensors", StringComparison.Ordinal), bench.Hub.Seen);
    }

    [TestMethod]
    public async Task The_token_goes_to_the_hub_and_never_to_where_it_redirects()
    {
        await using HubBench bench = await HubBench.StartAsync();
        foreach (ModelId model in (ReadOnlySpan<ModelId>)[HubBench.Model, HubBench.AtModelScope])
            bench.PullAsync(bench.Settings(token: s_token), model).GetAwaiter().GetResult();
        SeenRequest[] elsewhere = [.. bench.Hub.Seen.Where(seen => seen.Host == "localhost")];
        SeenRequest[] itself = [.. bench.Hub.Seen.Where(seen => seen.Host != "localhost")];
        Assert.IsNotEmpty(elsewhere);
        Assert.IsTrue(elsewhere.All(seen => seen is { Authorization: null, Cookie: null }));
        Assert.IsTrue(itself.All(seen => seen.Authorization == "Bearer hf_secret"));
    }

    [TestMethod]
    [DataRow("ftp://localhost/file")]
    [DataRow("file:///etc/passwd")]
    public async Task A_redirect_out_of_the_web_is_not_followed(string target)
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Instead = http =>
        {
            http.Response.Redirect(target);
            return Task.FromResult(true);
        };
        Assert.AreEqual(HubFault.Untrustworthy, (await bench.RefusalAsync()).Fault);
    }

    [TestMethod]
    public async Task A_circle_of_redirects_ends()
    {
        await using HubBench bench = await HubBench.StartAsync();
        bench.Hub.Instead = http =>
        {
            http.Response.Redirect(http.Request.Path);
            return Task.FromResult(true);
        };
        Assert.Contains("redirects more than 8 times", (await bench.RefusalAsync()).Message);
    }

    [TestMethod]
    public async Task Nobody_at_the_address_is_an_answer_with_the_address()
    {
        await using HubBench bench = await HubBench.StartAsync();
        HubSettings settings = bench.Settings();
        await bench.Hub.DisposeAsync();
        HubException refusal = await bench.RefusalAsync(settings);
        Assert.AreEqual(HubFault.Unreachable, refusal.Fault);
        Assert.Contains("127.0.0.1 cannot be reached", refusal.Message);
    }

    private static bool Busy(HttpContext http, bool busy, string seconds)
    {
        if (!busy)
            return false;
        http.Response.StatusCode = 429;
        http.Response.Headers.RetryAfter = seconds;
        return true;
    }
}
