using System.Net;
using System.Text.Json;
using Glm5.Host.Cli;

namespace Glm5.Tests.Clients.Ascend;

/// <summary>
/// A device that fails while it serves: the request is told of what, and the program ends with its documented code, so that a
/// supervisor starts it anew.
/// </summary>
[TestClass]
public sealed class DeviceFaultTests
{
    [TestMethod]
    [DataRow("aclnnRmsNorm@30=507015", 1, "507015 (ACL_ERROR_RT_AICORE_EXCEPTION", "restart the server on this device", false)]
    [DataRow("aclnnRmsNorm@30=uce", 1, "507053 (ACL_ERROR_RT_DEVICE_MEM_ERROR", "take another device", true)]
    [DataRow("aclnnRmsNorm@30=lost", 1, "507010 (ACL_ERROR_RT_LOST_HEARTBEAT", "restart the server on this device", true)]
    [DataRow("aclnnGatherV2>aclrtMalloc@1=oom", 1, "bytes of device memory", "are free on device 0", true)]
    [DataRow("HcclAllReduce@3=timeout", 2, "107020 (ACL_ERROR_RT_TASK_TIMEOUT", "restart the server on this device", true)]
    public async Task A_failed_request_is_told_why_and_the_program_ends_with_the_devices_code(
        string fault, int ranks, string what, string advice, bool takesTime)
    {
        string home = AscendProcess.Home();
        if (takesTime)
            AscendProcess.NeedsTime();
        await using var glm5 = AscendProcess.Start(
            home, ["--tensor-parallel-size", $"{ranks}"], ("CANN_EMULATOR_FAULT", fault));
        await glm5.ReadyAsync();
        (HttpStatusCode status, JsonElement answer) = await glm5.AskAsync();
        JsonElement error = answer.GetProperty("error");
        string message = error.GetProperty("message").GetString()!;
        Assert.AreEqual(HttpStatusCode.InternalServerError, status);
        Assert.AreEqual("device_failed", error.GetProperty("code").GetString());
        Assert.Contains(what, message);
        Assert.Contains(advice, message);
        Assert.AreEqual(ExitCode.Device, await glm5.EndAsync(), glm5.Said);
        Assert.Contains("the device failed, and the server stops", glm5.Said);
    }

    [TestMethod]
    public async Task A_model_that_does_not_fit_is_refused_with_both_figures_before_anything_is_served()
    {
        await using var glm5 = AscendProcess.Start(AscendProcess.Home(), [], ("CANN_EMULATOR_HBM_MIB", "48"));
        Assert.AreEqual(ExitCode.Device, await glm5.EndAsync(), glm5.Said);
        Assert.Contains("bytes of device memory", glm5.Said);
    }
}
